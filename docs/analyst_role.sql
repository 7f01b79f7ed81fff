-- A role for analysts on PostgreSQL: it reads figures, and nobody's words.
--
-- Run it as the database's owner, and again after each update: a migration that brings the views back takes their
-- grants away, and a new table is not readable before it is named here.
--
--     psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f docs/analyst_role.sql
--     psql "$DATABASE_URL" -c '\password gvses_analyst'
--
-- The second line asks for the password and keeps it out of the shell's history; without one the role cannot log in
-- where PostgreSQL wants passwords.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gvses_analyst') THEN
        CREATE ROLE gvses_analyst LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE CONNECTION LIMIT 5;
    END IF;
END
$$;

-- A query that was not thought through ends by itself, and days are the days of the log.
ALTER ROLE gvses_analyst SET default_transaction_read_only = on;
ALTER ROLE gvses_analyst SET statement_timeout = '5min';
ALTER ROLE gvses_analyst SET idle_in_transaction_session_timeout = '5min';
ALTER ROLE gvses_analyst SET timezone = 'UTC';

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM gvses_analyst;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO gvses_analyst;

-- Figures.
GRANT SELECT ON
    analytics_requests,
    analytics_toolcalls,
    metrics_requestlog,
    metrics_attempt,
    metrics_voiceturn,
    routing_sessionassignment,
    routing_evaluation
TO gvses_analyst;

-- Without the arguments of a call, which repeat words of the question.
GRANT SELECT (
    id, request_id, call_id, name, ok, error_code, latency_ms, started_at, attempt, retries, was_reused
) ON metrics_toolcall TO gvses_analyst;

-- Without who pinned a session, and why.
GRANT SELECT (session_id, provider, at, ended_at) ON routing_sessionpin TO gvses_analyst;
