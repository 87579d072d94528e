-- The feed's snapshot tells others what everybody may do. No name, address or password among it.

GRANT SELECT (tenant_id, staff_id, active, created_at, updated_at) ON {{schema}}.staff
  TO {{schema}}_worker;
GRANT SELECT ON {{schema}}.roles, {{schema}}.staff_grants TO {{schema}}_worker;
