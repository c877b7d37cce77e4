//! Grafana's HTTP API, as far as a dashboard and its data source are sent (Grafana documentation,
//! "Dashboard API", "Data source API").

use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;

use crate::aws::http::{Ask, HttpServer};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why something was not sent.
#[derive(Debug, Error)]
pub enum GrafanaError {
    /// Grafana does not answer.
    #[error("cannot {what} at {url}: {cause}")]
    Unreachable {
        /// What was attempted.
        what: &'static str,
        /// Of which Grafana.
        url: String,
        /// What went wrong.
        cause: String,
    },
    /// Grafana says no.
    #[error("cannot {what} at {url}: Grafana answers {status}: {message}")]
    Refused {
        /// What was attempted.
        what: &'static str,
        /// Of which Grafana.
        url: String,
        /// The status.
        status: u16,
        /// What it says.
        message: String,
    },
}

/// An answer: the status and the document.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: Value,
}

/// A Grafana.
#[derive(Debug)]
pub struct Grafana {
    url: String,
    server: HttpServer,
}

impl Grafana {
    /// The Grafana at `url`, for whoever has this token of a service account.
    pub async fn connect(url: &str, token: String) -> Self {
        let always = vec![
            ("accept", "application/json".to_owned()),
            ("authorization", format!("Bearer {token}")),
            ("content-type", "application/json".to_owned()),
        ];
        Self {
            url: url.trim_end_matches('/').to_owned(),
            server: HttpServer::connect("grafana", url, always, PATIENCE).await,
        }
    }

    /// Makes the data source, or what it is into this.
    pub async fn put_source(&self, source: &Value) -> Result<(), GrafanaError> {
        let what = "send the data source";
        let uid = source["uid"].as_str().unwrap_or_default();
        let path = format!("/api/datasources/uid/{uid}");
        let known = self.ask(what, "GET", path.clone(), None).await?;
        let (method, path) = if known.status == 404 {
            ("POST", "/api/datasources".to_owned())
        } else {
            self.accepted(what, &known)?;
            ("PUT", path)
        };
        let answer = self
            .ask(what, method, path, Some(source.to_string()))
            .await?;
        self.accepted(what, &answer)
    }

    /// The dashboard that there is with this `uid`, if there is one.
    pub async fn dashboard(&self, uid: &str) -> Result<Option<Value>, GrafanaError> {
        let what = "read the dashboard";
        let path = format!("/api/dashboards/uid/{uid}");
        let known = self.ask(what, "GET", path, None).await?;
        if known.status == 404 {
            return Ok(None);
        }
        self.accepted(what, &known)?;
        Ok(Some(known.body["dashboard"].clone()))
    }

    /// Makes the dashboard, or what it is into this; returns its address.
    pub async fn put_dashboard(&self, dashboard: &Value) -> Result<String, GrafanaError> {
        let what = "send the dashboard";
        let body = json!({
            "dashboard": dashboard, "overwrite": true, "message": "amp-stack dashboard --push",
        });
        let path = "/api/dashboards/db".to_owned();
        let answer = self.ask(what, "POST", path, Some(body.to_string())).await?;
        self.accepted(what, &answer)?;
        let path = answer.body["url"].as_str().unwrap_or_default();
        Ok(format!("{}{path}", self.url))
    }

    async fn ask(
        &self,
        what: &'static str,
        method: &'static str,
        path: String,
        body: Option<String>,
    ) -> Result<Answer, GrafanaError> {
        let ask = Ask {
            method: method.to_owned(),
            target: path,
            body: body.unwrap_or_default().into_bytes(),
            ..Ask::default()
        };
        let answer = self.server.ask(ask).await;
        let answer = answer.map_err(|cause| GrafanaError::Unreachable {
            what,
            url: self.url.clone(),
            cause,
        })?;
        Ok(Answer {
            status: answer.status,
            body: serde_json::from_slice(&answer.body).unwrap_or(Value::Null),
        })
    }

    fn accepted(&self, what: &'static str, answer: &Answer) -> Result<(), GrafanaError> {
        if (200..300).contains(&answer.status) {
            return Ok(());
        }
        let message = answer.body["message"].as_str().unwrap_or("nothing more");
        Err(GrafanaError::Refused {
            what,
            url: self.url.clone(),
            status: answer.status,
            message: message.to_owned(),
        })
    }
}
