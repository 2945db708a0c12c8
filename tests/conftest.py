"""What all tests share: the profiles of hypothesis."""

from __future__ import annotations

from tests import hypothesis_profiles

hypothesis_profiles.register()
