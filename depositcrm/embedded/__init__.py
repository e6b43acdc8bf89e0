"""PostgreSQL, the broker and the whole product run from a bare checkout, for development, demonstrations and tests."""
