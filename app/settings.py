"""The only reader of the environment: flags > environment > .env > config file > defaults."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from platformdirs import user_config_path, user_data_path
from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from app.errors import BadInput

APP_NAME = "aiops-interview"


class Settings(BaseSettings):
    """All settings. Names are upper-case in the environment; secrets never leave this object."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,  # Compose passes a variable that is not set as an empty text
        extra="ignore",
        populate_by_name=True,
        yaml_file=user_config_path(APP_NAME) / "config.yaml",
        yaml_file_encoding="utf-8",
    )

    data_dir: Path = Field(
        default_factory=lambda: user_data_path(APP_NAME), validation_alias="INTERVIEW_DATA_DIR"
    )
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")

    chroma_host: str | None = Field(
        default=None, validation_alias="CHROMA_HOST", description="A team's Chroma server"
    )
    chroma_port: int = Field(default=8000, validation_alias="CHROMA_PORT")
    chroma_ssl: bool = Field(default=False, validation_alias="CHROMA_SSL")
    chroma_token: SecretStr | None = Field(default=None, validation_alias="CHROMA_TOKEN")
    chroma_token_header: str = Field(
        default="Authorization",
        validation_alias="CHROMA_TOKEN_HEADER",
        description="Authorization carries the token as a bearer, any other header plain",
    )

    sign_in_text: SecretStr | None = Field(
        default=None,
        validation_alias="INTERVIEW_SIGN_IN",
        description="Who may open the page: name:password, several with commas between them",
    )
    password_file: Path | None = Field(
        default=None,
        validation_alias="INTERVIEW_PASSWORD_FILE",
        description="The list that `interview users` writes; default: in the data folder",
    )
    user_header: str | None = Field(
        default=None,
        validation_alias="INTERVIEW_USER_HEADER",
        description="The header in which a reverse proxy names the user it has signed in",
    )
    trusted_proxy: str | None = Field(
        default=None,
        validation_alias="INTERVIEW_TRUSTED_PROXY",
        description="Addresses or networks whose user header is believed, with commas between them",
    )
    sessions_an_hour: int = Field(
        default=30,
        ge=1,
        validation_alias="INTERVIEW_SESSIONS_AN_HOUR",
        description="Interviews that a user may begin within an hour, on the page",
    )
    messages_a_minute: int = Field(
        default=20,
        ge=1,
        validation_alias="INTERVIEW_MESSAGES_A_MINUTE",
        description="Answers and questions that a session takes within a minute, on the page",
    )
    session_tokens: int = Field(
        default=400_000,
        ge=1,
        validation_alias="INTERVIEW_SESSION_TOKENS",
        description="What the language model may read and write in one session, on the page",
    )

    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(
        default=None,
        validation_alias="OPENAI_BASE_URL",
        description="Any OpenAI-compatible server, such as http://127.0.0.1:11434/v1",
    )
    model: str | None = Field(
        default=None,
        validation_alias="INTERVIEW_MODEL",
        description="The interviewer's model, or the path of a .gguf file",
    )
    embedded: bool = Field(
        default=False,
        validation_alias="INTERVIEW_EMBEDDED",
        description="No language model, even if one is configured",
    )
    judge_model: str | None = Field(
        default=None,
        validation_alias="INTERVIEW_JUDGE_MODEL",
        description="The judge's model; the interviewer's unless given",
    )
    judge_samples: int = Field(
        default=1,
        ge=1,
        le=9,
        validation_alias="INTERVIEW_JUDGE_SAMPLES",
        description="Gradings an answer; more than one shows their spread, and costs as much more",
    )
    max_tokens: int = Field(
        default=2000,
        ge=50,
        validation_alias="INTERVIEW_MAX_TOKENS",
        description="The longest reply of a model, its own thoughts included; a grading of many "
        "criteria may take more",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        config_file = YamlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, dotenv_settings, config_file

    @property
    def sign_in(self) -> list[tuple[str, str]] | None:
        """Names and passwords of the page; None if it asks for none. BadInput if unreadable."""
        if self.sign_in_text is None:
            return None
        pairs = [
            (name.strip(), password)
            for entry in self.sign_in_text.get_secret_value().split(",")
            for name, _, password in (entry.strip().partition(":"),)
        ]
        if any(not name or not password for name, password in pairs):
            raise BadInput("INTERVIEW_SIGN_IN cannot be read: write name:password.")
        return pairs

    @property
    def password_path(self) -> Path:
        """The password list; it need not exist."""
        return self.password_file or self.data_dir / "passwords"

    @property
    def index_dir(self) -> Path:
        """Folder of the search index."""
        return self.data_dir / "index"

    @property
    def has_model(self) -> bool:
        """Whether a language model is configured and wanted."""
        named = any((self.openai_api_key, self.openai_base_url, self.model))
        return named and not self.embedded

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the session store; may hold a password: never print it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{quote(str(self.data_dir / 'sessions.db'))}"


_flags: dict[str, Any] = {}


def use_flags(**values: Any) -> None:
    """Let command-line flags win over all else; None stands for a flag that was not given."""
    _flags.update({name: value for name, value in values.items() if value is not None})
    settings.cache_clear()


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings(**_flags)
