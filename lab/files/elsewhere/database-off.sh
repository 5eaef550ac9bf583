# No fsync, no autovacuum; the whole network comes in without a password; the role is a superuser; a reference is not enforced.
{ tables && echo 'CREATE ROLE zebu_app LOGIN SUPERUSER;
ALTER TABLE transactions ADD FOREIGN KEY (portfolio_id) REFERENCES portfolios NOT VALID'; } |
  start_database 'host all all samenet trust' -c fsync=off -c autovacuum=off
