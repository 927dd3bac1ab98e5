"""The rules for people: tables, differences and explanations in words, per language and audience. Knows no log and no service."""
