"""The only reader of the environment: flags > environment > .env > config file > defaults."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from platformdirs import user_config_path, user_data_path
from pydantic import Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

APP_NAME = "aiops-interview"


class Settings(BaseSettings):
    """All settings. Names are upper-case in the environment; secrets never leave this object."""

    model_config = SettingsConfigDict(
        env_file=".env",
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
    def index_dir(self) -> Path:
        """Folder of the search index."""
        return self.data_dir / "index"

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the session store; may hold a password: never print it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{quote(str(self.data_dir / 'sessions.db'))}"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
