//! `amp-stack lsp`, as an editor talks to it.

#![expect(
    clippy::unwrap_used,
    reason = "a conversation that breaks off has failed"
)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// An editor with one file open.
struct Editor {
    server: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    next: u64,
    text: String,
}

const URI: &str = "file:///project/stack.toml";

impl Editor {
    /// Starts the server, and opens a stack file with `text`, in which nothing is called yet.
    fn open(text: &str) -> (Self, Vec<Value>) {
        let mut server = Command::new(env!("CARGO_BIN_EXE_amp-stack"))
            .args(["lsp", "--region", "us-east-1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let to = server.stdin.take().unwrap();
        let from = BufReader::new(server.stdout.take().unwrap());
        let mut editor = Self {
            server,
            to,
            from,
            next: 0,
            text: String::new(),
        };
        let said = editor.ask("initialize", &json!({"capabilities": {}}));
        assert_eq!(said["serverInfo"]["name"], "amp-stack");
        assert_eq!(said["capabilities"]["documentFormattingProvider"], true);
        editor.say("initialized", &json!({}));
        editor.say(
            "textDocument/didOpen",
            &json!({"textDocument": {"uri": URI, "languageId": "toml", "version": 1, "text": text}}),
        );
        text.clone_into(&mut editor.text);
        let mistakes = editor.mistakes();
        (editor, mistakes)
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.to, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        self.to.flush().unwrap();
    }

    fn hear(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(
                self.from.read_line(&mut line).unwrap() > 0,
                "the server is gone"
            );
            match line.trim().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.from.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn say(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        self.send(&json!({"jsonrpc": "2.0", "id": self.next, "method": method, "params": params}));
        let answer = self.hear();
        assert_eq!(answer["id"], self.next, "{answer}");
        assert_eq!(answer.get("error"), None, "{answer}");
        answer["result"].clone()
    }

    /// The mistakes that the server has to publish now.
    fn mistakes(&mut self) -> Vec<Value> {
        let published = self.hear();
        assert_eq!(published["method"], "textDocument/publishDiagnostics");
        assert_eq!(published["params"]["uri"], URI);
        published["params"]["diagnostics"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Types until the file has `text`.
    fn write(&mut self, text: &str) -> Vec<Value> {
        self.say(
            "textDocument/didChange",
            &json!({"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"text": text}]}),
        );
        text.clone_into(&mut self.text);
        self.mistakes()
    }

    /// Asks about the place right behind the first `after`.
    fn ask_behind(&mut self, method: &str, after: &str) -> Value {
        let place = self.position(self.text.find(after).unwrap() + after.len());
        self.ask(
            method,
            &json!({"textDocument": {"uri": URI}, "position": place}),
        )
    }

    fn position(&self, at: usize) -> Value {
        let before = &self.text[..at];
        let line = before.matches('\n').count();
        let character = before.rsplit('\n').next().unwrap().encode_utf16().count();
        json!({"line": line, "character": character})
    }

    fn byte(&self, position: &Value) -> usize {
        let line = usize::try_from(position["line"].as_u64().unwrap()).unwrap();
        let character = usize::try_from(position["character"].as_u64().unwrap()).unwrap();
        let lines: Vec<&str> = self.text.split_inclusive('\n').collect();
        lines[..line].concat().len() + character
    }

    /// The text with an edit.
    fn edited(&self, edit: &Value) -> String {
        let mut text = self.text.clone();
        let (start, end) = (&edit["range"]["start"], &edit["range"]["end"]);
        text.replace_range(
            self.byte(start)..self.byte(end),
            edit["newText"].as_str().unwrap(),
        );
        text
    }

    /// Says good-bye; returns what the server wrote to standard error.
    fn close(mut self) -> String {
        assert_eq!(self.ask("shutdown", &Value::Null), Value::Null);
        self.say("exit", &Value::Null);
        drop(self.to);
        let output = self.server.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

const FILE: &str = "\
[stack]
name = \"shop\"

[log_groups.app]
name = \"/ecs/shop\"
retention_days = 30

[roles.task]
name = \"ShopTask\"

[task_definitions.web]
cpu = 256
memory = 512
task_role = \"task\"

[task_definitions.web.containers.app]
image = \"app:1\"
";

#[test]
fn a_file_is_written_with_its_help() {
    let (mut editor, mistakes) = Editor::open(FILE);
    assert_eq!(mistakes, Vec::<Value>::new());

    // A mistake, its answer, and the fix that ends it.
    let mistakes = editor.write(&FILE.replace("\"task\"", "\"tsk\""));
    let [mistake] = mistakes.as_slice() else {
        panic!("{mistakes:?}");
    };
    assert_eq!(mistake["code"], "undefined-reference");
    assert!(
        mistake["message"]
            .as_str()
            .unwrap()
            .contains("did you mean `task`?")
    );
    let actions = editor.ask(
        "textDocument/codeAction",
        &json!({"textDocument": {"uri": URI}, "range": mistake["range"], "context": {"diagnostics": []}}),
    );
    assert_eq!(actions[0]["title"], "Write \"task\"");
    let edit = &actions[0]["edit"]["documentChanges"][0]["edits"][0];
    let mended = editor.edited(edit);
    assert_eq!(editor.write(&mended), Vec::<Value>::new());
    assert_eq!(mended, FILE);

    // Completion in a line that is no TOML yet.
    editor.write(&format!("{FILE}logs = \n"));
    let items = editor.ask_behind("textDocument/completion", "logs = ");
    let item = &items[0];
    assert_eq!(item["label"], "\"app\"");
    let completed = editor.edited(&item["textEdit"]);
    assert_eq!(editor.write(&completed), Vec::<Value>::new());

    // What stands there, and where it is declared.
    let hover = editor.ask_behind("textDocument/hover", "retention_");
    assert!(
        hover["contents"]["value"]
            .as_str()
            .unwrap()
            .contains("never"),
        "{hover}"
    );
    let found = editor.ask_behind("textDocument/definition", "task_role = \"ta");
    assert_eq!(
        found["range"]["start"],
        editor.position(FILE.find("task]").unwrap())
    );

    // Formatting is that of `fmt`.
    let edits = editor.ask(
        "textDocument/formatting",
        &json!({"textDocument": {"uri": URI}, "options": {"tabSize": 4, "insertSpaces": true}}),
    );
    let formatted = editor.edited(&edits[0]);
    assert!(
        formatted.contains("name           = \"/ecs/shop\""),
        "{formatted}"
    );
    assert_eq!(editor.close(), "");
}

#[test]
fn letters_beyond_ascii_are_counted_as_editors_count_them() {
    let wrong = "${roles.tsk.arn}";
    let text = format!("{FILE}\n[outputs]\nx = \"𝄞 ü {wrong}\"\n");
    let (editor, mistakes) = Editor::open(&text);
    let [mistake] = mistakes.as_slice() else {
        panic!("{mistakes:?}");
    };
    assert_eq!(mistake["code"], "undefined-reference");
    let at = text.find(wrong).unwrap();
    assert_eq!(mistake["range"]["start"], editor.position(at));
    assert_eq!(mistake["range"]["end"], editor.position(at + wrong.len()));
    editor.close();
}

#[test]
fn what_is_not_known_is_an_error_and_no_end() {
    let (mut editor, _) = Editor::open(FILE);
    for (method, params) in [
        ("textDocument/rename", json!({})),
        ("textDocument/hover", json!({"nonsense": 1})),
    ] {
        editor.send(&json!({"jsonrpc": "2.0", "id": 99, "method": method, "params": params}));
        let answer = editor.hear();
        assert!(answer["error"]["code"].is_i64(), "{answer}");
    }
    let cargo = json!({"textDocument": {"uri": "file:///project/Cargo.toml", "languageId": "toml", "version": 1, "text": "[package]\n"}});
    editor.say("textDocument/didOpen", &cargo);
    let hover = editor.ask_behind("textDocument/hover", "retention_");
    assert!(
        hover["contents"]["value"].is_string(),
        "another file has no mistakes to publish"
    );
    editor.close();
}

/// An editor that dies takes the server with it, which says so by its exit code.
#[test]
fn a_server_without_an_editor_ends() {
    let (mut editor, _) = Editor::open(FILE);
    drop(std::mem::replace(&mut editor.to, {
        let mut other = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
        let to = other.stdin.take().unwrap();
        other.wait().unwrap();
        to
    }));
    let status = editor.server.wait().unwrap();
    assert_eq!(status.code(), Some(1));
}
