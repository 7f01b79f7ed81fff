"""Django's PostgreSQL backend, made to say at once that the server is away; settings name it as the engine."""
