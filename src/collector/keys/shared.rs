//! What many components take: how they reach others, and how others reach them.

use super::{
    Entry,
    Takes::{self, Anything, Boolean, List, Map, Number, Period, Table, Text},
};

/// The component that signs or checks requests.
const AUTH: Takes = Table(&[&[("authenticator", Text), ("request_params", List(&Text))]]);

/// What is asked over HTTP (`confighttp.ClientConfig`).
pub(super) const HTTP_CLIENT: &[Entry] = &[
    ("auth", AUTH),
    ("compression", Text),
    ("compression_params", Anything),
    ("cookies", Anything),
    ("disable_keep_alives", Boolean),
    ("endpoint", Text),
    ("force_attempt_http2", Boolean),
    ("headers", Anything),
    ("http2_ping_timeout", Period),
    ("http2_read_idle_timeout", Period),
    ("idle_conn_timeout", Period),
    ("max_conns_per_host", Number),
    ("max_idle_conns", Number),
    ("max_idle_conns_per_host", Number),
    ("middleware", Anything),
    ("middlewares", Anything),
    ("proxy_url", Text),
    ("read_buffer_size", Number),
    ("timeout", Period),
    ("tls", Anything),
    ("write_buffer_size", Number),
];

/// What answers over HTTP (`confighttp.ServerConfig`).
pub(super) const HTTP_SERVER: &[Entry] = &[
    ("auth", AUTH),
    ("compression_algorithms", List(&Text)),
    ("cors", Anything),
    ("dialer", Anything),
    ("endpoint", Text),
    ("idle_timeout", Period),
    ("include_metadata", Boolean),
    ("keep_alives_enabled", Boolean),
    ("max_request_body_size", Number),
    ("middleware", Anything),
    ("middlewares", Anything),
    ("read_header_timeout", Period),
    ("read_timeout", Period),
    ("response_headers", Anything),
    ("tls", Anything),
    ("transport", Text),
    ("write_timeout", Period),
];

/// What is asked over gRPC (`configgrpc.ClientConfig`), with its queue.
pub(super) const GRPC_CLIENT: &[Entry] = &[
    ("auth", AUTH),
    ("authority", Text),
    ("balancer_name", Text),
    ("compression", Text),
    ("endpoint", Text),
    ("headers", Anything),
    ("keepalive", Anything),
    ("middlewares", Anything),
    ("read_buffer_size", Number),
    ("retry_on_failure", RETRY),
    ("sending_queue", QUEUE),
    ("timeout", Period),
    ("tls", Anything),
    ("user_agent", Text),
    ("wait_for_ready", Boolean),
    ("write_buffer_size", Number),
];

/// What answers over gRPC (`configgrpc.ServerConfig`).
pub(super) const GRPC_SERVER: &[Entry] = &[
    ("auth", AUTH),
    ("dialer", Anything),
    ("endpoint", Text),
    ("include_metadata", Boolean),
    ("keepalive", Anything),
    ("max_concurrent_streams", Number),
    ("max_recv_msg_size_mib", Number),
    ("middlewares", Anything),
    ("read_buffer_size", Number),
    ("tls", Anything),
    ("transport", Text),
    ("write_buffer_size", Number),
];

/// What listens at an address (`confignet.AddrConfig`).
pub(super) const LISTEN: &[Entry] = &[
    ("dialer", Anything),
    ("endpoint", Text),
    ("transport", Text),
];

/// How often something is sent again (`configretry.BackOffConfig`).
pub(super) const RETRY: Takes = Table(&[&[
    ("enabled", Boolean),
    ("initial_interval", Period),
    ("max_elapsed_time", Period),
    ("max_interval", Period),
    ("multiplier", Number),
    ("randomization_factor", Number),
]]);

/// What waits to be sent (`exporterhelper.QueueBatchConfig`).
pub(super) const QUEUE: Takes = Table(&[&[
    ("batch", Anything),
    ("block_on_overflow", Boolean),
    ("enabled", Boolean),
    ("num_consumers", Number),
    ("queue_size", Number),
    ("sizer", Text),
    ("storage", Text),
    ("wait_for_result", Boolean),
]]);

/// How AWS is called (`awsutil.AWSSessionSettings`).
pub(super) const AWS_SESSION: &[Entry] = &[
    ("endpoint", Text),
    ("external_id", Text),
    ("local_mode", Boolean),
    ("max_retries", Number),
    ("no_verify_ssl", Boolean),
    ("num_workers", Number),
    ("proxy_address", Text),
    ("region", Text),
    ("request_timeout_seconds", Number),
    ("resource_arn", Text),
    ("role_arn", Text),
];

/// Labels and their values.
pub(super) const LABELS: Takes = Map(&Text);
