-- For `auth: password`: after `postgres.sql`, as the same master user, connected to the database `postgres`. Once for each instance.
--
--     psql "host=… dbname=postgres user=master sslmode=verify-full" --set ON_ERROR_STOP=1 --file postgres-password.sql
--
-- Write 40 random letters and digits in place of `<password>`, here and in the secret that `adminSecretArn` names:
-- {"password": "…"}. The password is replaced by Latchkey after use, so what stands here holds for minutes.

SET password_encryption = 'scram-sha-256';
REVOKE rds_iam FROM latchkey_admin;
ALTER ROLE latchkey_admin PASSWORD '<password>';
