"""The keyring: who a subject is, and the keys of the cells."""

from sauma_services.keyring.file_keyring import FileKeyring, KeyringFiles
from sauma_services.keyring.releases import Release, Releases

__all__ = ["FileKeyring", "KeyringFiles", "Release", "Releases"]
