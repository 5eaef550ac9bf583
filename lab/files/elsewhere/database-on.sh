# The server as it comes; the application's role can do nothing special; references are enforced.
{ tables && echo 'CREATE ROLE zebu_app LOGIN;
ALTER TABLE transactions ADD FOREIGN KEY (portfolio_id) REFERENCES portfolios'; } | start_database '# nothing added'
