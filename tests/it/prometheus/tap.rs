//! What stands between a client and a server and keeps what the client asks.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use percent_encoding::percent_decode_str;

/// A listener that hands everything on.
pub(crate) struct Tap {
    /// Where it listens, as a URL.
    pub(crate) endpoint: String,
    /// What was sent over each connection.
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Tap {
    pub(crate) fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let sent = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&sent);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let behind = TcpStream::connect(server).unwrap();
                let index = {
                    let mut all = all.lock().unwrap();
                    all.push(Vec::new());
                    all.len() - 1
                };
                let all = Arc::clone(&all);
                let (from, to) = (client.try_clone().unwrap(), behind.try_clone().unwrap());
                thread::spawn(move || {
                    hand_on(from, to, |bytes| {
                        all.lock().unwrap()[index].extend_from_slice(bytes);
                    });
                });
                thread::spawn(move || hand_on(behind, client, |_| ()));
            }
        });
        Self { endpoint, sent }
    }

    /// The PromQL of every query that was sent.
    pub(crate) fn queries(&self) -> Vec<String> {
        let mut queries = Vec::new();
        for sent in self.sent.lock().unwrap().iter() {
            let text = String::from_utf8_lossy(sent);
            let requests = text.split("POST /workspaces/").skip(1);
            for request in requests.filter(|request| request.contains("/api/v1/query")) {
                let body = request.split("\r\n\r\n").nth(1).unwrap();
                let query = body.strip_prefix("query=").unwrap();
                // The next request begins where the text of this one ends.
                let is_part = |c: char| c.is_ascii_alphanumeric() || c == '%';
                let end = query.find(|c| !is_part(c)).unwrap_or(query.len());
                let query = percent_decode_str(&query[..end]).decode_utf8().unwrap();
                queries.push(query.into_owned());
            }
        }
        queries.sort();
        queries.dedup();
        queries
    }
}

fn hand_on(mut from: TcpStream, mut to: TcpStream, mut seen: impl FnMut(&[u8])) {
    let mut buffer = [0; 8192];
    while let Ok(count) = from.read(&mut buffer) {
        seen(&buffer[..count]);
        if count == 0 || to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    // Who has gone need not be told.
    _ = to.shutdown(Shutdown::Write);
}
