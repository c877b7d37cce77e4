//! The command.

use std::process::ExitCode;

fn main() -> ExitCode {
    match amp_stack::cli::answer_shell(std::env::args_os()) {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(error) => error.exit(),
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return amp_stack::cli::cannot_start(error),
    };
    let code = runtime.block_on(amp_stack::cli::run(std::env::args_os()));
    // A thread that reads an answer nobody gave holds the runtime; nothing waits for it.
    runtime.shutdown_background();
    code
}
