//! What public task definitions hold, by kind: names and values of our own making, after those of
//! samples for log routers, databases, queues, web frameworks and agents.

use super::*;

/// The variables, options and arguments that are harmless.
const SHOWN: &[(&str, &str)] = &[
    // Options of Fluent Bit, Fluentd and Docker's drivers.
    ("log_key", "log"),
    ("Tag_Key", "tags"),
    ("Include_Tag_Key", "true"),
    ("Json_date_key", "timestamp"),
    ("Time_Key", "@timestamp"),
    ("time_key_format", "%Y-%m-%dT%H:%M:%S"),
    ("Aws_Auth", "On"),
    ("AWS_Auth", "Off"),
    ("data_keys", "log,container_name"),
    ("partition_key", "container_id"),
    ("topic_key", "router"),
    ("Message_Key", "log"),
    ("label_keys", "$container_name,$ecs_task_arn"),
    ("remove_keys", "container_id"),
    ("gelf_short_message_key", "data"),
    ("s3_key_format", "/logs/$TAG/%Y/%m/%d"),
    ("tls.key_file", "/etc/tls/client.key"),
    ("Match", "*"),
    ("splunk-token-header", "Authorization"),
    // Switches, limits and places that speak of secrets.
    ("AUTH_ENABLED", "true"),
    ("AUTH_TYPE", "oauth2"),
    ("AUTH_URL", "https://auth.internal/realms/shop"),
    ("NEXTAUTH_URL", "https://shop.example.com"),
    ("OAUTH_TOKEN_URL", "https://login.example.com/oauth/token"),
    ("TOKEN_TTL", "3600"),
    ("TOKEN_EXPIRY_SECONDS", "900"),
    ("MAX_TOKENS", "4096"),
    ("PASSWORD_MIN_LENGTH", "12"),
    ("MYSQL_ALLOW_EMPTY_PASSWORD", "yes"),
    ("ALLOW_EMPTY_PASSWORD", "true"),
    ("DB_PASSWORD_FILE", "/run/secrets/db"),
    ("DB_PASSWORD_PARAM", "/prod/shop/db-password"),
    ("SECRET_NAME", "prod/shop/db"),
    (
        "SECRETS_MANAGER_ENDPOINT",
        "https://secretsmanager.us-east-1.amazonaws.com",
    ),
    ("KMS_KEY_ID", "alias/shop"),
    (
        "SSH_PUBLIC_KEY",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample user@host",
    ),
    ("CREDENTIALS_PATH", "/etc/aws/credentials"),
    ("JWT_ALGORITHM", "RS256"),
    ("API_KEY_HEADER", "X-Api-Key"),
    ("ENABLE_AUTH", "1"),
    ("BYPASS", "localhost"),
    ("COMPASS_URL", "https://compass.internal"),
    ("PROXY_PASS", "http://app:8080"),
    ("KEYBOARD", "qwerty"),
    ("TOKENIZER", "cl100k"),
    ("CACHE_KEY_PREFIX", "shop:"),
    ("SORT_KEY", "created_at"),
    ("S3_OBJECT_KEY", "config/app.json"),
    ("SERVICE_ACCOUNT_NAME", "shop"),
    ("DSN_HOST", "db.internal"),
    ("SECRET_ROTATION_DAYS", "30"),
    // Identifiers, digests, commits, images and names of resources.
    ("GIT_COMMIT", "3f785a4c2a7c0d1b9e8f6a5d4c3b2a1908f7e6d5"),
    (
        "IMAGE_DIGEST",
        "sha256:8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4",
    ),
    ("BUILD_VERSION", "3f785a4c2a7c0d1b9e8f6a5d4c3b2a1908f7e6d5"),
    (
        "CONFIG_SHA256",
        "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4",
    ),
    (
        "image",
        "111122223333.dkr.ecr.us-east-1.amazonaws.com/shop:3f785a4c2a7c0d1b9e8f6a5d4c3b2a1908f7e6d5",
    ),
    ("COGNITO_CLIENT_ID", "1h57kf5cpq17m0eml12EXAMPLE"),
    ("TENANT_ID", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"),
    ("ROLE", "CheckoutTaskExecutionRoleForProduction2024"),
    ("STACK", "shop-prod-api-TaskRole-1A2B3C4D5E6F7"),
    ("TABLE", "shop-prod-OrdersTable-9Z8Y7X6W5V4U"),
    ("CLASS", "com.example.shop.HTTPXMLParserFactoryV2"),
    ("NAMESPACE", "AmazonECSTaskExecutionRolePolicy2ForShop"),
    ("LOG_GROUP", "/ecs/checkout/Production1/collector/logs"),
    (
        "PROMETHEUS",
        "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/api/v1/remote_write",
    ),
    (
        "QUEUE_URL",
        "https://sqs.us-east-1.amazonaws.com/111122223333/orders",
    ),
    ("DATABASE_URL", "postgres://db.internal:5432/orders"),
    ("REDIS_URL", "redis://cache.internal:6379/0"),
    ("JAVA_OPTS", "-Xmx512m -Dlog4j2.formatMsgNoLookups=true"),
    ("command", "provider=aws tag_key=consul tag_value=member"),
    ("command", "--config=/etc/ecs/ecs-amp.yaml"),
    ("command", "--cache-key-prefix shop --port 80"),
    ("command", "exec gunicorn --workers 4 shop.wsgi:application"),
    ("command", "curl -f http://localhost/health || exit 1"),
    ("ZEROS", "00000000000000000000000000000000"),
    ("DESCRIPTION", "Basic access to the metrics of the shop"),
    ("DESCRIPTION", "Bearer of news: everything is fine"),
];

/// Those that nobody may see.
const HIDDEN_ONES: &[(&str, &str)] = &[
    ("DB_PASSWORD", "hunter2"),
    ("DB_PASS", "hunter2"),
    ("PGPASS", "hunter2"),
    ("PGPASSWORD", "hunter2"),
    ("MYSQL_ROOT_PASSWORD", "12345"),
    ("DBPASSWORD", "hunter2"),
    ("db_pwd", "hunter2"),
    ("SMTP_PASS", "hunter2"),
    ("REDIS_PASS", "hunter2"),
    ("userpass", "hunter2"),
    ("RABBITMQ_DEFAULT_PASS", "guest"),
    ("password1", "hunter2"),
    ("CLIENT_SECRET", "hunter2"),
    ("clientsecret", "hunter2"),
    ("VAULT_SECRET_ID", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"),
    ("SECRET_KEY_BASE", "abc"),
    ("DJANGO_SECRET_KEY", "django-insecure-x"),
    ("JWT_SECRET", "shh"),
    ("SESSION_SECRET", "keyboard cat"),
    ("APP_KEY", "base64:abcdefgh"),
    ("API_KEY", "abc"),
    ("apiKey", "hunter2"),
    ("DD_API_KEY", "abc"),
    ("OPENAI_KEY", "abc"),
    ("STRIPE_KEY", "abc"),
    ("NEW_RELIC_LICENSE_KEY", "abc"),
    ("ENCRYPTION_KEY", "abc"),
    ("AWS_SECRET_ACCESS_KEY", "abc"),
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("PRIVATE_KEY", "abc"),
    ("GITHUB_TOKEN", "abc"),
    ("accesstoken", "abc"),
    ("splunk-token", "abc"),
    ("http_passwd", "abc"),
    ("cloud_auth", "elastic:abc"),
    ("shared_key", "abc"),
    ("AUTHORIZATION", "abc"),
    ("BASIC_AUTH", "user:abc"),
    ("COOKIE_SALT", "pepper"),
    ("GH_PAT", "abc"),
    ("DB_CREDENTIALS", "user:abc"),
    ("SENTRY_DSN", "abc"),
    // By their looks, whatever they are called.
    (
        "SLACK_URL",
        "https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnopqrstuvwx",
    ),
    ("ALERTS", "https://discord.com/api/webhooks/1/abc"),
    ("TEAMS", "https://shop.webhook.office.com/webhookb2/abc"),
    ("BOT", "https://api.telegram.org/bot1:abc/sendMessage"),
    (
        "ERRORS",
        "https://9f86d081884c7d659a2feaa0c55ad015@o1.ingest.sentry.io/1",
    ),
    (
        "COOKIES",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ),
    ("PEPPER", "9f86d081884c7d659a2feaa0c55ad015"),
    ("SEED", "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA="),
    ("BLOB", "c2VjcmV0LXNlY3JldA=="),
    ("A", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("B", "AKIAIOSFODNN7EXAMPLE"),
    ("C", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    ("D", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
    ("E", "postgres://app:hunter2@db.internal/orders"),
    ("F", "redis://:hunter2@cache.internal:6379"),
    ("G", "-----BEGIN PRIVATE KEY-----"),
    ("H", "Bearer c2lnbmF0dXJl"),
    ("I", "jdbc:mysql://db/orders?user=app&password=hunter2"),
    ("J", "Server=db;User Id=app;Password=hunter2;"),
    ("K", "glpat-16C7e42F292c6912E771"),
    ("L", "sk_live_16C7e42F292c6912E771"),
    ("M", "SG.16C7e42F292c6912E771.c838347Ae178B4a"),
    ("N", "xoxb-1-2-16C7e42F292c6912E771"),
    ("command", "--password=hunter2"),
    ("command", "--token hunter2"),
    ("command", "serve --db-password hunter2 --port 80"),
    (
        "command",
        "curl -H 'Authorization: Bearer 16C7e42F292c' http://app",
    ),
    ("command", "curl -H \"X-Api-Key: hunter2\" http://app"),
    ("command", "A=1 DB_PASS=hunter2 ./run"),
];

#[test]
fn what_public_task_definitions_hold_is_distinguished() {
    let is_hidden = |(name, value): &(&str, &str)| {
        let path = Path::of_keys(&["containers", "app", "environment", name]);
        is_secret(&path, &Node::from(*value))
    };
    let hidden: Vec<_> = SHOWN.iter().filter(|pair| is_hidden(pair)).collect();
    let shown: Vec<_> = HIDDEN_ONES.iter().filter(|pair| !is_hidden(pair)).collect();
    assert!(
        hidden.is_empty() && shown.is_empty(),
        "hidden, of {}: {hidden:#?}\nshown, of {}: {shown:#?}",
        SHOWN.len(),
        HIDDEN_ONES.len()
    );
}

#[test]
fn nothing_in_a_policy_is_hidden() {
    for keys in [
        &["trust", "Statement", "Sid"][..],
        &[
            "inline_policies",
            "p",
            "Statement",
            "Condition",
            "StringEquals",
            "aws:TokenIssueTime",
        ],
        &["inline_policies", "p", "Statement", "Resource"],
    ] {
        for value in [
            "AllowPasswordRotation",
            "9f86d081884c7d659a2feaa0c55ad015",
            "hunter2",
        ] {
            assert!(
                !is_secret(&Path::of_keys(keys), &Node::from(value)),
                "{keys:?}"
            );
        }
    }
}
