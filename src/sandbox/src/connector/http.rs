//! The sandbox as an HTTP client of the SDK, without any socket.

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
            http_client_fn,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;

use crate::{
    Sandbox,
    wire::{Request, Response},
};

impl Sandbox {
    /// An HTTP client for the SDK's configuration that answers from here, without any socket.
    pub fn http_client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(Connector(self.clone()));
        http_client_fn(move |_, _| connector.clone())
    }
}

/// The sandbox, as the SDK sees it.
#[derive(Debug)]
struct Connector(Sandbox);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sandbox = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = from_sdk(&request)?;
            let response = sandbox
                .respond(&request)
                .await
                .map_err(|lost| ConnectorError::io(lost.into()))?;
            to_sdk(response)
        })
    }
}

fn from_sdk(request: &HttpRequest) -> Result<Request, ConnectorError> {
    let body = request
        .body()
        .bytes()
        .ok_or_else(|| ConnectorError::user("the sandbox takes no streamed bodies".into()))?;
    let uri = request.uri();
    let path_at = uri
        .find("://")
        .and_then(|scheme| uri[scheme + 3..].find('/').map(|slash| scheme + 3 + slash));
    Ok(Request {
        method: request.method().to_owned(),
        target: path_at.map_or("/", |at| &uri[at..]).to_owned(),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: body.to_vec(),
    })
}

fn to_sdk(response: Response) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(response.status)
        .map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut answer = HttpResponse::new(status, SdkBody::from(response.body));
    for (name, value) in response.headers {
        answer
            .headers_mut()
            .try_insert(name, value)
            .map_err(|error| ConnectorError::other(error.into(), None))?;
    }
    Ok(answer)
}
