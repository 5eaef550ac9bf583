"""Secrets in the names, places and forms in which people have them; CANARY stands for what must not be seen.

Beside each stands what must survive: names, hosts, databases and commands are what verdicts are made of.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True, slots=True)
class Canary:
    """A secret, planted.

    Attributes:
        secret: what must not be seen.
        text: where it stands.
        kept: what must still be there.
    """

    secret: str
    text: str
    kept: str = ""


# Short values: nothing but their name or place tells that they are secrets.
NAMED = (
    ("15 2 * * * root BORG_PASSPHRASE=CANARY sh -c 'pg_dump -Fc zebu | borg create ssh://u1@storage.test/./r::db -'", "pg_dump -Fc zebu"),
    ("0 3 * * * root PGPASSWORD=CANARY pg_dump -h db.test -U zebu zebu | gzip > /srv/dumps/zebu.gz", "pg_dump -h db.test -U zebu"),
    ("0 3 * * * root PGPASSWORD='CANARY' pg_dump zebu", "pg_dump zebu"),
    ("Environment=RESTIC_PASSWORD=CANARY", "Environment="),
    ('Environment="SMTP_PASS=CANARY" "SMTP_USER=mailer"', "SMTP_USER=mailer"),
    ("export MYSQL_PWD=CANARY; mysqldump zebu", "mysqldump zebu"),
    ("DB_PASS=CANARY", "DB_PASS="),
    ("RABBITMQ_DEFAULT_PASS: CANARY", "RABBITMQ_DEFAULT_PASS"),
    ("    password: CANARY", "password"),
    ('{"user": "zebu", "password": "CANARY", "host": "db.test"}', '"host": "db.test"'),
    ('{"Env":["SMTP_PASS=CANARY","TZ=UTC"]}', '"TZ=UTC"'),
    ('{"Log":[{"Output":"login \\"token\\": \\"CANARY\\" refused\\n"}]}', "refused"),
    ("STRIPE_WEBHOOK_SECRET=CANARY", "STRIPE_WEBHOOK_SECRET"),
    ("sentryDsn=CANARY", "sentryDsn"),
    ("jwt.secret = CANARY", "jwt.secret"),
    ("X-Api-Key: CANARY", "X-Api-Key"),
    ("curl -H 'Authorization: Bearer CANARY' https://api.test/v1", "https://api.test/v1"),
    ('curl -H "Authorization: Basic CANARY" https://api.test/v1', "https://api.test/v1"),
    ("curl -u backup:CANARY https://nas.test/upload", "https://nas.test/upload"),
    ("curl --user backup:CANARY -T - sftp://nas.test/", "sftp://nas.test/"),
    ("Set-Cookie: session=CANARY; HttpOnly; Secure", "HttpOnly; Secure"),
    ("Cookie: sid=CANARY", "Cookie: sid="),
    ("postgresql://zebu_app:CANARY@db.test:5432/zebu", "@db.test:5432/zebu"),
    ("postgresql+asyncpg://zebu:CANARY@[fd00::7]/zebu?ssl=true", "@[fd00::7]/zebu?ssl=true"),
    ("redis://:CANARY@redis.test:6379/0", "@redis.test:6379/0"),
    ("amqp://guest:CANARY@mq.test/%2f and https://site.test/", "https://site.test/"),
    ("https://forge.test/hook?token=CANARY&ref=main", "ref=main"),
    ("https://files.test/a.zip?sig=CANARY&se=2027", "se=2027"),
    ("rsync --password-file=/etc/rsync.secret a::b; mc --secret-key CANARY ls", "/etc/rsync.secret"),
    ("redis-server --requirepass CANARY --maxmemory 64mb", "--maxmemory 64mb"),
    ("redis-server --requirepass=CANARY --appendonly yes", "--appendonly yes"),
    ('["CMD","redis-cli","-a","CANARY","ping"]', '"ping"'),
    ("redis-cli -h redis.test -a CANARY --no-auth-warning ping", "--no-auth-warning ping"),
    ("mysqldump -u root -pCANARY zebu", "mysqldump -u root -p"),
    ('["CMD","mysqladmin","ping","-pCANARY","-h","localhost"]', '"localhost"'),
    ("sshpass -p CANARY rsync -a /srv nas.test:/srv", "nas.test:/srv"),
    ("docker login -u robot -p CANARY registry.test", "registry.test"),
    ("mongodump -u admin -p CANARY --db zebu", "--db zebu"),
    ("ldapsearch -D cn=admin -w CANARY -b dc=test", "dc=test"),
    ("smbclient //nas.test/b -U backup%CANARY", "//nas.test/b"),
    ("openssl enc -aes-256-cbc -pass pass:CANARY -in dump", "-in dump"),
    ("gpg --batch --passphrase CANARY -c dump.gz", "-c dump.gz"),
    ('["gpg","--passphrase","CANARY","-c"]', '"-c"'),
    ("zip -P CANARY dump.zip dump.sql", "dump.zip dump.sql"),
    ("echo 'backup:CANARY' | chpasswd", "chpasswd"),
    ("echo CANARY | docker login --username robot --password-stdin", "--password-stdin"),
    ("htpasswd -b /etc/nginx/users admin CANARY", "/etc/nginx/users"),
    ("//nas.test/share /mnt cifs username=backup,password=CANARY", "username=backup"),
    ("machine forge.test login robot password CANARY", "machine forge.test login robot"),
    ("db.test:5432:zebu:zebu_app:CANARY", "db.test:5432:zebu:zebu_app:"),
    ("*:*:*:replicator:CANARY", "replicator"),
    ("requirepass CANARY", "requirepass"),
    ("ALTER ROLE zebu PASSWORD 'CANARY'", "ALTER ROLE zebu"),
    ("CREATE USER z IDENTIFIED BY 'CANARY'", "CREATE USER z"),
    ("user default on >CANARY ~* +@all", "user default on"),
    ("primary_conninfo = 'host=db.test user=rep password=CANARY'", "host=db.test user=rep"),
    ("LICENSE_KEY=CANARY", "LICENSE_KEY"),
    ("AZURE_CONNECTION_STRING=AccountName=zebu;AccountKey=CANARY;EndpointSuffix=core.test", "EndpointSuffix=core.test"),
    ("--auth-token CANARY --url https://up.test", "https://up.test"),
    ("apiKey: 'CANARY',", "apiKey"),
    # Options run together, programs with an option of their own for a password, and what is fed to one
    ("curl -fsSu backup:CANARY https://nas.test/", "https://nas.test/"), ("curl -su 'backup:CANARY' https://nas.test/", "https://nas.test/"), ("curl -U op:CANARY -x proxy.test:3128 https://a.test", "https://a.test"),
    ("curl -b 'PVEAuthCookie=CANARY' https://pve.test", "https://pve.test"), ("curl --cookie sid=CANARY https://a.test", "https://a.test"), ("Cookie: a=b; sid=CANARY", "Cookie: a="),
    ("http -a op:CANARY GET https://a.test", "https://a.test"), ("echo CANARY | sudo -S rsync -a /srv /b", "rsync -a /srv /b"), ("printf '%s' 'CANARY' | docker login -u op --password-stdin", "--password-stdin"),
    ("printf 'CANARY\\n' | smbpasswd -s", "smbpasswd -s"), ("docker login -u op --password-stdin <<< CANARY", "docker login"), ("RESTIC_PASSWORD_COMMAND='echo CANARY' restic backup /srv", "restic backup /srv"),
    ("rsync --password-file=<(echo CANARY) a b", "rsync"), ("7zz a -pCANARY d.7z d", "d.7z d"), ("zip -rP CANARY d.zip d", "d.zip d"), ("unzip -P CANARY d.zip", "d.zip"), ("rar a -hpCANARY d.rar d", "d.rar d"),
    ("sqlcmd -S db -U sa -P CANARY -Q x", "-Q x"), ("mc alias set nas https://nas.test op CANARY", "https://nas.test"), ("lftp -u op,CANARY sftp://nas.test", "sftp://nas.test"), ("sqlplus zebu/CANARY@db", "sqlplus zebu/"), ("mosquitto_pub -u op -P CANARY -t x", "-t x"), ("swaks --auth LOGIN -ap CANARY --to a@b.test", "a@b.test"), ("snmpget -v2c -c CANARY host.test", "host.test"),
    ("rocommunity CANARY 10.0.0.1", "10.0.0.1"), ("openssl enc -aes-256-cbc -K CANARY -in d", "-in d"), ("ldapsearch -D cn=a -wCANARY -b dc=test", "dc=test"), ("redis-cli AUTH CANARY", "redis-cli"),
    ("apprise -b x tgram://123456789:CANARY/12", "apprise -b x"), ("zebu_app:CANARY@tcp(db:3306)/zebu", "@tcp(db:3306)/zebu"), ("zebu_app:CANARY@db:5432/zebu", "@db:5432/zebu"), ("Server=db;Uid=sa;Pwd=CANARY;Encrypt=yes", "Encrypt=yes"),
    # Quotes and spellings of shells, programs and files
    ("export PGPASSWORD=\"a\\\"CANARY\"; pg_dump zebu", "pg_dump zebu"), ("PGPASSWORD=a\\ CANARY pg_dump zebu", "pg_dump zebu"), ("PGPASSWORD='it'\\''CANARY' pg_dump zebu", "pg_dump zebu"), ("PGPASSWORD=$'CANARY' pg_dump zebu", "pg_dump zebu"),
    ("SMTP_PASS=a(CANARY", "SMTP_PASS="), ("SMTP_PASS: a)CANARY", "SMTP_PASS"), ("'password' => 'CANARY',", "password"), ("password := \"CANARY\"", "password"), ("os.getenv('DB_PASSWORD', 'CANARY')", "DB_PASSWORD"),
    ("<password>CANARY</password>", "</password>"), ("- name: DB_PASSWORD\n  value: CANARY", "DB_PASSWORD"), ('{"name":"DB_PASSWORD","value":"CANARY"}', "DB_PASSWORD"), ('"passwords": ["CANARY", "b"]', "passwords"),
    ("ALTER ROLE z ENCRYPTED PASSWORD E'CANARY'", "ALTER ROLE z"), ("ALTER ROLE z PASSWORD $$CANARY$$", "ALTER ROLE z"), ("SET PASSWORD FOR z = PASSWORD('CANARY')", "FOR z"), ("user zebu on '>CANARY' ~* +@all", "user zebu on"),
    ("  password CANARY\nhost db.test", "host db.test"), ("KENNWORT=CANARY", "KENNWORT"), ("PASS1=CANARY", "PASS1"), ("DBPW=CANARY", "DBPW"), ("PHPSESSID=CANARY", "PHPSESSID"),
)  # fmt: skip
# Values that are secrets by their form, wherever they stand.
BY_FORM = (
    ("https://hooks.slack.com/services/CANARY", "T0{0:.8}/B0{1:.8}/{2:.24}", "hooks.slack.com"),
    ("curl -d x https://discord.com/api/webhooks/CANARY", "104{0:.15}/{1}{2}", "discord.com/api/webhooks"),
    ("https://api.telegram.org/botCANARY", "5512345678:{0}/sendMessage", "api.telegram.org"),
    ("curl -fsS https://hc-ping.com/CANARY", "{0:.8}-1111-4222-8333-{1:.12}", "hc-ping.com"),
    ("https://CANARY@forge.test/zebu.git", "{0:.24}7", "forge.test/zebu.git"),
    ("Authorization=PVEAPIToken=root@pam!ci=CANARY rest", "5f3a9c1e-1b2c-4d3e-8f90-a1b2c3d4e5f6", "rest"),
    ("key CANARY", "sk_live_{0:.24}", "key"), ("key CANARY", "sk_test_{0:.24}", "key"), ("found CANARY", "ghp_{0}{1:.4}", "found"),
    ("found CANARY", "github_pat_{0:.22}_{1}", "found"), ("found CANARY", "glpat-{0:.20}", "found"), ("found CANARY", "xoxb-{0:.12}-{1:.12}", "found"),
    ("id CANARY", "AKIA1{0:.15}", "id"), ("found CANARY", "AIza{0}{1:.3}", "found"), ("found CANARY", "whsec_{0}", "found"),
    ("found CANARY", "eyJhbGciOiJIUzI1NiJ9.eyJ{0:.20}.{1}", "found"), ("user CANARY", "$2y$10${0}{1:.21}", "user"), ("user CANARY", "$6$rounds=5000${0:.8}${1}{2}", "user"),
    ("role CANARY", "SCRAM-SHA-256$4096:{0:.22}==${1}:{2}", "role"), ("age CANARY", "AGE-SECRET-KEY-1{0}", "age"),
    ("run /usr/local/bin/upload CANARY now", "{0}", "/usr/local/bin/upload"), ("file leak-CANARY.txt", "{0}", ".txt"), ("a=CANARY", "{0}", "a="),
    ("word CANARY.", "{0:.20}/{1:.20}+{2:.3}=", "word"),
    ("hex CANARY here", "4f1d9c0a7be2386551d0c9f4e7a3b812", "here"),
    ("-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----\nrest", "MIIE{0}{1}\n{2}{0}", "rest"),
    ('"-----BEGIN RSA PRIVATE KEY-----\\nCANARY\\n-----END RSA PRIVATE KEY-----\\n", "rest"', "MIIE{0}{1}\\n{2}", '"rest"'),
)  # fmt: skip


# In other clothes: what a program, a terminal or a file makes of a secret on its way. CANARY64 is it in base64 behind a
# user's name, CANARYU as JSON may spell each of its letters, CANARYP as addresses may.
DISGUISED = (
    # Colours, invisible characters, bidirectional controls
    ("\x1b[1;31mpassword\x1b[0m=\x1b[33mCANARY\x1b[0m rest", "rest"), ("pass\x1b[1mword=CANARY rest", "rest"), ("pass\u200bword=CANARY rest", "rest"), ("password\u2060=\u202eCANARY\u202c rest", "rest"),
    ("pass\u00adword: CANARY", "password"), ("\ufeffpassword: CANARY", "password"), ("\x1b]8;;https://a.test\x07token=CANARY\x1b]8;;\x07 rest", "rest"), ("{\"log\":\"\\u001b[31mpassword\\u001b[0m=CANARY\"}", "log"),
    ("pass\\x1b[0mword=CANARY rest", "rest"),
    # Spellings of JSON, addresses, mail
    ('{"\\u0070assword": "CANARY", "host": "db.test"}', "db.test"), ('{"pass\\u0077ord": "CANARYU", "host": "db.test"}', "db.test"), ('"{\\"\\\\u0070assword\\": \\"CANARY\\"}"', "password"),
    ("GET /in?next=%2Fa%3Ftoken%3DCANARY%26b%3D2 HTTP/1.1", "GET /in?next="), ("url=https%3A%2F%2Fu%3ACANARY%40nas.test%2Fa rest", "rest"), ("body: %70assword=CANARY&a=b", "body"), ("q=password%253DCANARY rest", "rest"),
    ("pass%77ord=CANARYP rest", "rest"), ("Content-Transfer-Encoding: quoted-printable\n\npass=77ord: CANARY\nrest", "rest"), ("Content-Transfer-Encoding: quoted-printable\n\npassw=\nord: CANARY\nrest", "rest"),
    ("<a href=\"/x?token&#61;CANARY\">rest</a>", "rest"), ("&lt;password&gt;CANARY&lt;/password&gt;", "password"),
    # base64 that holds a login, or a text with a secret in it
    ('{"auths":{"registry.test":{"auth":"CANARY64"}}}', "registry.test"), ("Authorization: Basic CANARY64", "Authorization"), ("proxy_set_header Authorization \"Basic CANARY64\";", "Authorization"), ("_auth=CANARY64", "_auth"),
    ("data CANARY64 rest", "rest"),
    # YAML, shells and others over several lines
    ("db:\n  password: |\n    CANARY\n  host: db.test", "host: db.test"), ("db:\n  password: >-\n    first\n\n    CANARY\n  host: db.test", "host: db.test"), ("db:\n  password:\n    CANARY\n  host: db.test", "host: db.test"),
    ("secret: |2-\n  first\n    CANARY\nhost: db.test", "host: db.test"), ("password: correct horse CANARY\nhost: db.test", "host: db.test"), ("password = correct horse CANARY\nhost = db.test", "host = db.test"),
    ("pg_dump --password \\\n  CANARY \\\n  zebu", "zebu"), ("curl --token \\\r\n CANARY https://a.test", "https://a.test"), ("DB_PASSWORD=\\\nCANARY", "DB_PASSWORD"), ("mysqldump \\\n  -u root \\\n  -pCANARY zebu", "zebu"),
    ("redis-cli \\\n  -h redis.test \\\n  -a CANARY ping", "ping"), ('{"args":"run --password \\\\\\n CANARY zebu"}', "zebu"), ("command:\n  - redis-server\n  - --requirepass\n  - CANARY\n  - --appendonly", "--appendonly"),
    ("test:\n  - CMD\n  - redis-cli\n  - -a\n  - CANARY\n  - ping", "ping"), ('"command": [\n  "redis-server",\n  "--requirepass",\n  "CANARY",\n  "--appendonly"\n]', "--appendonly"),
    ("docker login -u op --password-stdin <<EOF\nCANARY\nEOF\nrest", "rest"), ("chpasswd <<'END'\nbackup:CANARY\nEND\nrest", "rest"), ("cat > ~/.pgpass <<EOF\ndb.test:5432:zebu:zebu:CANARY\nEOF\nrest", "rest"), ("sudo -S true <<-X\n\tCANARY\n\tX\nrest", "rest"),
    ("PGPASSWORD=$'a\\x20CANARY' pg_dump zebu", "pg_dump zebu"),
    # Files of programs that log in somewhere
    ("[smtp.test]:587 mailer@zebu.test:CANARY", "smtp.test"), ("smtp.test:587\tmailer:CANARY", "smtp.test"), ("account default\nhost smtp.test\nuser mailer\npassword CANARY\n", "smtp.test"), ("AuthUser=mailer\nAuthPass=CANARY", "mailer"),
    ("machine forge.test\n  login robot\n  password CANARY\n", "robot"), ("default login robot password CANARY", "robot"), ("[nas]\ntype = sftp\npass = CANARY\nhost = nas.test", "host = nas.test"), ("export RESTIC_PASSWORD=CANARY RESTIC_REPOSITORY=/srv/r", "RESTIC_REPOSITORY=/srv/r"),
    ("encryption_passphrase: CANARY", "encryption_passphrase"), ("//registry.test/:_authToken=CANARY", "registry.test"), ("index-url = https://op:CANARY@pypi.test/simple", "pypi.test/simple"), ('{"github-oauth": {"github.com": "CANARY"}, "rest": 1}', "rest"),
    ('{"http-basic": {"repo.test": {"username": "op", "password": "CANARY"}}}', "repo.test"), ('{"bearer": {"repo.test": "CANARY"}}', "repo.test"), ("    client-key-data: CANARY", "client-key-data"), ("users:\n- name: op\n  user:\n    token: CANARY\n", "name: op"),
    ("set $api_token CANARY;", "set $api_token"), ("proxy_set_header X-Api-Key CANARY;", "X-Api-Key"), ("proxy_set_header Authorization \"Bearer CANARY\";", "Authorization"), ('fastcgi_param DB_PASSWORD "CANARY";', "DB_PASSWORD"), ("RequestHeader set X-Auth-Token \"CANARY\"", "X-Auth-Token"),
    ("SetCredential=db: CANARY", "SetCredential="), ("AccountKey=CANARY;EndpointSuffix=core.test", "EndpointSuffix=core.test"), ("[Peer]\nPresharedKey = CANARYCANARYCANARY\nEndpoint = a.test:51820", "a.test:51820"), ("token_auth: CANARY", "token_auth"),
    # What frameworks log
    ("INFO sqlalchemy.engine.Engine [generated in 0.00012s] ('operations', 'CANARY')", "sqlalchemy.engine"), ("INFO sqlalchemy.engine.Engine [cached since 1.2s ago] {'hash': 'CANARY'}", "sqlalchemy.engine"), ("[parameters: ('operations', 'CANARY')]", "parameters"),
    ("DETAIL:  parameters: $1 = 'operations', $2 = 'CANARY'", "DETAIL"), ("    password = 'CANARY'", "password"), ("self.api_key = \"CANARY\"", "api_key"), ('"GET /x?access_token=CANARY HTTP/1.1" 200', "200"),
    ("headers=[(b'host', b'a.test'), (b'authorization', b'Bearer CANARY'), (b'accept', b'x')]", "accept"), ("[('x-api-key', 'CANARY'), ('accept', 'x')]", "accept"), ("send: b'GET / HTTP/1.1\\r\\nHost: a.test\\r\\nX-Auth-Token: CANARY\\r\\n\\r\\n'", "a.test"),
    ("Login(user='op', password=SecretStr('CANARY'))", "op"), ("smtplib send: 'AUTH PLAIN CANARY64\\r\\n'", "AUTH PLAIN"), ("bot 5512345678:AAHCANARYCANARYCANARYAAAA rest", "rest"),
)  # fmt: skip

# Programs that log in by a word of their own, or are given a secret on the way
FURTHER = (
    ("vault login CANARY", "vault login"), ("aws configure set aws_secret_access_key CANARY", "aws configure set"), ("b2 authorize-account keyid CANARY", "keyid"), ("echo CANARY | gh auth login --with-token", "gh auth login"),
    ("ngrok config add-authtoken CANARY", "add-authtoken"), ("cloudflared service install CANARY", "service install"), ("flyctl auth token CANARY", "flyctl auth"), ("poetry config http-basic.a op CANARY", "http-basic.a"),
    ("poetry config pypi-token.pypi CANARY", "poetry config"), ("bundle config gems.test op:CANARY", "gems.test"), ("cqlsh -u op -p CANARY host.test", "host.test"), ("twine upload -u op -p CANARY dist/a", "dist/a"),
    ("smbclient //nas/b CANARY -U op", "-U op"), ("wpa_passphrase home CANARY", "home"), ("wg set wg0 peer A preshared-key CANARY", "wg set wg0"), ("tailscale up --authkey CANARY --ssh", "--ssh"), ("x --pwd CANARY --all", "--all"),
    ("snmpwalk -v3 -u op -A a -X CANARY host.test", "host.test"), ("restic --password-command 'echo CANARY' backup /srv", "backup /srv"), ("ftp -n nas.test <<EOF\nuser op CANARY\nput d\nEOF", "put d"), ("openvpn <<< 1 --auth-user-pass <<< CANARY", "openvpn"),
    ("expect -c 'spawn ssh op@nas; send \"CANARY\\r\"'", "spawn ssh op@nas"), ("<auth-user-pass>\nop\nCANARY\n</auth-user-pass>", "op"), ("url = https://CANARY:x-oauth-basic@forge.test/z", "forge.test/z"), ("vless://CANARY@h.test:443", "h.test:443"),
    # Files of other servers
    ("  user op insecure-password CANARY", "user op"), ("neighbor 192.0.2.1 password CANARY", "neighbor 192.0.2.1"), ("username op privilege 15 secret 0 CANARY", "username op"), ("enable secret 5 CANARY", "enable secret"), ("  stats auth op:CANARY", "stats auth op:"),
    ("traefik.http.middlewares.a.basicauth.users=op:CANARY", "basicauth.users"), ("rpcauth=op:CANARY", "rpcauth=op:"), ("op : XAUTH \"CANARY\"", "op : XAUTH"), ("\"op\" * CANARY *", "op"), ("community = CANARY", "community"),
    # Other languages of programs
    ("app.config['SECRET_KEY'] = 'CANARY'", "app.config"), ("os.environ['DB_PASSWORD'] = 'CANARY'", "os.environ"), ("app.secret_key = b'CANARY'", "app.secret_key"), ("define('DB_PASSWORD', 'CANARY');", "DB_PASSWORD"), ("os.environ.setdefault('DB_PASSWORD', 'CANARY')", "DB_PASSWORD"),
    ("env.str('SECRET_KEY', default='CANARY')", "SECRET_KEY"), ("$cfg['blowfish_secret'] = 'CANARY';", "$cfg"), ("$db_pass = \"CANARY\";", "$db_pass"), ("process.env.JWT_SECRET || 'CANARY'", "process.env.JWT_SECRET"), ("jwt.sign(payload, 'CANARY')", "payload"), ("Fernet(b'CANARY')", "Fernet"),
    # Markup and tables
    ("<property name=\"password\">CANARY</property>", "</property>"), ("<password encrypted=\"false\">CANARY</password>", "</password>"), ("<Password><![CDATA[CANARY]]></Password>", "</Password>"), ("<input type=\"password\" value=\"CANARY\">", "<input"), ("<meta name=\"csrf-token\" content=\"CANARY\">", "csrf-token"),
    ("| Password | `CANARY` |", "| Password |"), ("**Password:** CANARY", "Password"), ("- password - CANARY", "- password -"), ("login: op / CANARY", "login"),
    # What is said in words, here and elsewhere
    ("Password for op: CANARY", "Password for op"), ("Your new password is: CANARY", "Your new password is"), ("The password for user elastic is CANARY", "user elastic"), ("login with token CANARY", "login with token"), ("GET /cb?code=CANARY&b=x", "b=x"), ("set-cookie: [ 'sid=CANARY; Path=/' ]", "Path=/"),
    ("mot de passe : CANARY", "mot de passe"), ("contraseña: CANARY", "contraseña"), ("пароль: CANARY", "пароль"), ("密码\uff1aCANARY", "密码"), ("password\uff1aCANARY", "password"), ("PASSWORD\u00a0= CANARY", "PASSWORD"), ("Wachtwoord: CANARY", "achtwoord"),
)  # fmt: skip


def _words() -> Iterator[str]:
    chance = random.Random(20261126)  # the same words every time
    while True:
        yield "".join(chance.choice(LETTERS) for _ in range(32))


def canaries() -> tuple[Canary, ...]:
    """One of each, and no two alike."""
    words = _words()
    found = []
    for text, kept in NAMED:
        secret = next(words)[:11].lower()
        found.append(Canary(secret, text.replace("CANARY", secret), kept))
    for text, form, kept in BY_FORM:
        secret = form.format(next(words), next(words), next(words))
        found.append(Canary(secret, text.replace("CANARY", secret), kept))
    for text, kept in DISGUISED:
        secret = next(words)[:11].lower()
        coded = base64.b64encode(f"op:{secret}".encode()).decode()
        spelled = "".join(f"\\u{ord(letter):04x}" for letter in secret)
        percent = "".join(f"%{ord(letter):02X}" for letter in secret)
        text = text.replace("CANARY64", coded).replace("CANARYU", spelled).replace("CANARYP", percent)
        forms = [form for form in (secret, coded, spelled, percent) if form in text]
        found.append(Canary("\n".join(forms) or secret, text.replace("CANARY", secret), kept))
    for text, kept in FURTHER:
        word = next(words).lower()
        secret = f"{word[:4]}7{word[4:8]}3{word[8:10]}"  # a word of letters alone may be one of the sentence
        found.append(Canary(secret, text.replace("CANARY", secret), kept))
    return tuple(found)


def parts(secret: str) -> tuple[str, ...]:
    """The pieces of a secret by which it would be known again."""
    pieces = [piece for piece in secret.replace("\\n", "\n").split("\n") if len(piece) >= 8]
    coded = [base64.b64encode(piece.encode()).decode()[:-4] for piece in pieces if len(piece) >= 12]
    return tuple(piece[-12:] for piece in pieces) + tuple(coded)


INNOCENT = (
    "@head a9b154d3f1b47853046a1e26ab374d0bafe9aa85",
    "@tag v1.0.0 tag 63055336b1523fe087bf000dfcd78791f8fc5675",
    "a9b154d3f1b47853046a1e26ab374d0bafe9aa85 38b8c2e118fe2c5939fbcf2f98def0dcb6abb133",
    "91cf438f3340654c96d16ea75faf29325761d9e6dd7ac9f791b5b06accb7ba24  -",
    '"Image":"sha256:fe2fb5d031b3dcc6338802240e28c51582573baa992bc0d0caf91170b369700b"',
    '{"Id":"4339b889b88155c9d16ccd633b3b2d54c5c1d9b1c8d6fc3532510cd594770cb9"}',
    "postgres@sha256:fe2fb5d031b3dcc6338802240e28c51582573baa992bc0d0caf91170b369700b",
    "@service backend built a9b154d3f1b47853046a1e26ab374d0bafe9aa85 2026-11-26T00:23:00.044995184Z 1790468548",
    "@renewal zebu.test 5CE5508CC0E8C69ECB171C4CCA7444807E896D6BD36A1C8C4FD2A3A51A7AB7C1",
    "passwordauthentication no", "permitemptypasswords no", "kbdinteractiveauthentication no", "authorizedkeysfile .ssh/authorized_keys",
    '"password_encryption" : "scram-sha-256"', "POSTGRES_PASSWORD_FILE=/run/secrets/pg", "PGPASSFILE=/root/.pgpass pg_dump --no-password zebu",
    "PGPASSWORD=$(cat /run/secrets/pg) pg_dump zebu", "pg_dump -h db -U zebu -Fc zebu", 'PGPASSWORD="$PW" pg_dump "$DB"', "PWD=/root",
    "0 3 * * * root /usr/local/bin/zebu-backup-2026.sh >> /var/log/zebu-backup.log 2>&1", "borg create --encryption repokey-blake2 ssh://u1@storage.test/./repo::db",
    "restic -r sftp:backup@nas.test:/srv/restic forget --keep-daily 7 --keep-weekly 5", "rclone copy /srv/dumps remote:zebu-dumps",
    "https://zebu.test,https://www.zebu.test", "postgresql://zebu_app@db:5432/zebu", "git@forge.test:zebu/zebu.git", "ssh://deploy@forge.test:2222/zebu.git",
    "http://localhost:8000/@fs/app", "docker run -u 1000:1000 --user 999:999 zebu", "VITE_CLERK_PUBLISHABLE_KEY=pk_live_Y2xlcmsuemVidS50ZXN0JA",
    "/dev/disk/by-uuid/3f1c2d4e-1111-4222-8333-9a8b7c6d5e4f /srv ext4 defaults 0 2", "linux-image-6.1.0-28-amd64 6.1.119-1 openssl 3.0.15-1~deb12u1",
    '{"left": {"meta": {"key": "l4proto"}}, "right": "udp"}', "session opened for user root(uid=0) by (uid=0)", "Failed password for root from 192.0.2.7 port 40022 ssh2",
    "OnCalendar=*-*-* 03:00:00", "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU deploy@zebu", "MAX_TOKEN_AGE=3600", "SECRET_KEY_FILE=/etc/zebu/key", "bypass_rls: false",
    "echo \"$PW\" | docker login --password-stdin\n@change next", "redis-cli --pass\n@entry next", "2001:db8:1:2::5432", "02:42:ac:12:00:05", "zebu_prod_20261124_030000.dump", "SystemMaxUse=1G", "org.opencontainers.image.licenses",
    "ghcr.io/zebu/backend:a9b154d3f1b47853046a1e26ab374d0bafe9aa85", "ghcr.io/zebu/backend:sha-a9b154d3f1b47853046a1e26ab374d0bafe9aa85", "rsync -avu deploy@nas.test:/srv/dumps /b", "docker run -itu 1000:1000 zebu", "tar -xzUp a b",
    "PASSWORD=$(openssl rand -hex 24) sh x", "if key == hash_key(raw):", "PWD=/root OLDPWD=/srv", "password required pam_unix.so", "ssh -p 2222 deploy@nas.test", "docker run -p 127.0.0.1:8080:80 zebu", "pg_dump -U zebu -p 5433 zebu", "mkdir -p /srv/dumps",
    '{"key": "saddr", "value": 12}', "echo done | logger -t dump", "echo 'select 1' | psql zebu", "find /srv -name x -print | zip -@ d.zip", "cookies: none", "Passwortänderung erfolgreich", "password authentication failed for user zebu", "on '~zebu'",
    "password authentication failed for user zebu2026", "Failed password for op2026 from 192.0.2.7 port 40022 ssh2", "Accepted password for invalid user oracle19 from 192.0.2.7", "token v1.2.3",
    "user www-data www-data2;", "user op password expired", "password is required", "{'columns': ['password', 'created_2026']}", "GET /x?code=200&state=open", "vault login -method=oidc", "aws s3 cp a2026 s3://b", "login: /etc/login2026", "rotate the secret every 90 days",
    "* * * * * root /usr/local/bin/a1", "git config --get-all remote.origin.fetch2", "npm ci 2026", "the token bucket2 limits it", "secret/2026-11", "ssl_password_file /etc/nginx/p2", "mount --bind a b", "https://zebu.test:8443/x@2", "http://a.test/?state=2026", "--pwd $PW",
)  # fmt: skip
"""What looks a little like it, and must be read."""
