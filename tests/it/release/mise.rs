//! `mise` finds the program among what a release consists of.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    thread,
};

use serde_json::json;

use super::{SAID, TARGETS, can_run, pack_a_starter, script};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A release as GitHub shows it, of the files that the workflow gives it.
struct Release {
    address: String,
    directory: PathBuf,
    files: Vec<String>,
}

fn archive(target: &str) -> String {
    let end = if target.contains("windows") {
        "zip"
    } else {
        "tar.gz"
    };
    format!("amp-stack-{VERSION}-{target}.{end}")
}

/// Makes what a release consists of in `directory`; the archive of this machine's target has a
/// program that runs.
fn files(directory: &Path) -> Vec<String> {
    let dist = directory.join("dist");
    pack_a_starter(directory, TARGETS[0]);
    let others = TARGETS[1..].iter().map(|target| archive(target));
    let packages = ["amd64", "arm64"].map(|cpu| format!("amp-stack_{VERSION}-1_{cpu}.deb"));
    let wheels = [
        "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64",
        "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
        "macosx_10_12_x86_64",
        "macosx_11_0_arm64",
        "win_amd64",
    ]
    .map(|platform| format!("amp_stack-{VERSION}-py3-none-{platform}.whl"));
    let bill = ["amp-stack.cdx.json".to_owned()];
    for file in others.chain(packages).chain(wheels).chain(bill) {
        fs::write(dist.join(&file), &file).unwrap();
    }
    script(directory, "wheels.sh", &["dist"]);
    script(
        directory,
        "finish.sh",
        &["dist", "https://example.com/us/amp-stack"],
    );
    let files = fs::read_dir(&dist).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    files.collect()
}

impl Release {
    /// Serves the release on the loopback address for as long as the test runs.
    fn serve(directory: &Path) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let release = Arc::new(Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            files: files(directory),
            directory: directory.join("dist"),
        });
        let served = Arc::clone(&release);
        thread::spawn(move || {
            for connection in listener.incoming() {
                served.answer(connection.unwrap());
            }
        });
        release
    }

    fn answer(&self, mut connection: TcpStream) {
        let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        let path = first.split(' ').nth(1).unwrap();
        let (status, body) = match self.body(path) {
            Some(body) => ("200 OK", body),
            None => ("404 Not Found", Vec::new()),
        };
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        // Whoever asked may have gone.
        _ = connection.write_all(&[head.as_bytes(), &body].concat());
    }

    fn body(&self, path: &str) -> Option<Vec<u8>> {
        let path = path.split('?').next()?;
        if path == format!("/api/v3/repos/us/amp-stack/releases/tags/v{VERSION}") {
            return Some(self.description().to_string().into_bytes());
        }
        let (_, name) = path.rsplit_once('/')?;
        let name = match path.strip_prefix("/api/v3/assets/") {
            Some(number) => self.files.get(number.parse::<usize>().ok()?)?,
            None => name,
        };
        fs::read(self.directory.join(name)).ok()
    }

    fn description(&self) -> serde_json::Value {
        let Self { address, files, .. } = self;
        let asset = |(number, name): (usize, &String)| {
            json!({
                "id": number, "name": name, "size": 1, "content_type": "application/octet-stream",
                "url": format!("{address}/api/v3/assets/{number}"),
                "browser_download_url": format!("{address}/us/amp-stack/releases/download/v{VERSION}/{name}"),
            })
        };
        let assets: Vec<_> = files.iter().enumerate().map(asset).collect();
        json!({
            "id": 1, "tag_name": format!("v{VERSION}"), "name": format!("v{VERSION}"),
            "draft": false, "prerelease": false, "assets": assets,
            "created_at": "2026-01-01T00:00:00Z", "published_at": "2026-01-01T00:00:00Z",
        })
    }
}

/// Runs `mise` with everything that it keeps in `home`; returns what it printed.
fn mise(home: &Path, arguments: &[&str]) -> String {
    let output = Command::new("mise")
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home)
        .env("MISE_DATA_DIR", home.join("data"))
        .env("MISE_CACHE_DIR", home.join("cache"))
        .env("MISE_TRUSTED_CONFIG_PATHS", home)
        .env("MISE_EXPERIMENTAL", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "mise {arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn mise_takes_the_archive_of_each_platform_and_installs_it() {
    if !can_run("installing with mise", &["mise"]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let release = Release::serve(directory.path());
    let home = directory.path().join("home");
    fs::create_dir(&home).unwrap();
    let tool = format!(
        "[tools]\n\"github:us/amp-stack\" = {{ version = \"{VERSION}\", api_url = \"{}/api/v3\" }}\n",
        release.address
    );
    fs::write(home.join("mise.toml"), tool).unwrap();

    mise(&home, &["install", "--yes"]);
    let said = mise(&home, &["exec", "--", "amp-stack", "--version"]);
    assert_eq!(said, SAID);

    let platforms = [
        "linux-x64",
        "linux-arm64",
        "macos-x64",
        "macos-arm64",
        "windows-x64",
    ];
    mise(&home, &["lock", "--platform", &platforms.join(",")]);
    let locked = fs::read_to_string(home.join("mise.lock")).unwrap();
    let locked: toml::Table = locked.parse().unwrap();
    let tool = &locked["tools"]["github:us/amp-stack"][0];
    let chosen: BTreeMap<&str, &str> = platforms
        .into_iter()
        .map(|platform| {
            let url = tool[&format!("platforms.{platform}")]["url"]
                .as_str()
                .unwrap();
            (platform, url.rsplit_once('/').unwrap().1)
        })
        .collect();
    let expected: Vec<String> = TARGETS.iter().map(|target| archive(target)).collect();
    for (platform, file) in platforms.into_iter().zip(&expected) {
        assert_eq!(chosen[platform], file, "{platform}");
    }
}
