"""The page's colours and type for Gradio's own widgets; page.css names the colours once."""

from __future__ import annotations

import inspect

import gradio as gr

SANS = ["ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif"]
MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]

# The variables of page.css change with the theme, so light and dark get the same names here.
_COLOURS = {
    "body_background_fill": "var(--paper)",
    "body_text_color": "var(--ink)",
    "body_text_color_subdued": "var(--soft)",
    "background_fill_primary": "var(--sheet)",
    "background_fill_secondary": "var(--paper)",
    "border_color_primary": "var(--line)",
    "border_color_accent": "var(--accent)",
    "border_color_accent_subdued": "var(--line)",
    "color_accent": "var(--accent)",
    "color_accent_soft": "var(--wash)",
    "link_text_color": "var(--accent)",
    "link_text_color_hover": "var(--ink)",
    "link_text_color_active": "var(--accent)",
    "link_text_color_visited": "var(--accent)",
    "code_background_fill": "var(--wash)",
    "block_background_fill": "transparent",
    "block_border_color": "var(--line)",
    "block_info_text_color": "var(--soft)",
    "block_label_text_color": "var(--soft)",
    "block_title_text_color": "var(--ink)",
    "checkbox_background_color": "var(--sheet)",
    "checkbox_background_color_focus": "var(--sheet)",
    "checkbox_background_color_hover": "var(--sheet)",
    "checkbox_background_color_selected": "var(--accent)",
    "checkbox_border_color": "var(--soft)",
    "checkbox_border_color_focus": "var(--accent)",
    "checkbox_border_color_hover": "var(--accent)",
    "checkbox_border_color_selected": "var(--accent)",
    "checkbox_label_background_fill": "var(--sheet)",
    "checkbox_label_background_fill_hover": "var(--wash)",
    "checkbox_label_background_fill_selected": "var(--wash)",
    "checkbox_label_border_color": "var(--line)",
    "checkbox_label_border_color_hover": "var(--accent)",
    "checkbox_label_border_color_selected": "var(--accent)",
    "checkbox_label_text_color": "var(--ink)",
    "checkbox_label_text_color_selected": "var(--ink)",
    "input_background_fill": "var(--sheet)",
    "input_background_fill_focus": "var(--sheet)",
    "input_background_fill_hover": "var(--sheet)",
    "input_border_color": "var(--edge)",
    "input_border_color_focus": "var(--accent)",
    "input_border_color_hover": "var(--accent)",
    "input_placeholder_color": "var(--soft)",
    "error_background_fill": "var(--sheet)",
    "error_border_color": "var(--missed)",
    "error_text_color": "var(--missed)",
    "button_primary_background_fill": "var(--accent)",
    "button_primary_background_fill_hover": "var(--accent-deep)",
    "button_primary_border_color": "var(--accent)",
    "button_primary_text_color": "var(--on-accent)",
    "button_primary_text_color_hover": "var(--on-accent)",
    "button_secondary_background_fill": "var(--sheet)",
    "button_secondary_background_fill_hover": "var(--wash)",
    "button_secondary_border_color": "var(--edge)",
    "button_secondary_border_color_hover": "var(--accent)",
    "button_secondary_text_color": "var(--ink)",
    "button_secondary_text_color_hover": "var(--ink)",
}
_SHAPES = {
    "block_border_width": "0px",
    "block_padding": "0px",
    "block_shadow": "none",
    "block_radius": "6px",
    "block_title_text_weight": "600",
    "block_title_background_fill": "transparent",
    "block_label_background_fill": "transparent",
    "input_border_width": "1px",
    "input_radius": "6px",
    "input_shadow": "none",
    "input_shadow_focus": "0 0 0 3px var(--glow)",
    "checkbox_label_border_width": "1px",
    "checkbox_label_shadow": "none",
    "checkbox_label_padding": "8px 14px",
    "button_border_width": "1px",
    "button_large_radius": "6px",
    "button_medium_radius": "6px",
    "button_small_radius": "6px",
    "button_large_text_weight": "600",
    "button_large_padding": "9px 16px",
    "button_large_text_size": "15px",
    "button_primary_shadow": "none",
    "button_secondary_shadow": "none",
    "layout_gap": "16px",
    "section_header_text_weight": "600",
}


def quiet_theme() -> gr.themes.Base:
    """Paper, ink and one accent; no font is fetched from anywhere."""
    theme = gr.themes.Base(font=SANS, font_mono=MONO)
    known = inspect.signature(theme.set).parameters
    dark = {f"{name}_dark": colour for name, colour in _COLOURS.items() if f"{name}_dark" in known}
    return theme.set(**_COLOURS, **dark, **_SHAPES)
