"""The language model, if one is configured: the only room that talks to it."""
