//! No subcommand opens the window; everything else is handed over to `cli`.

fn main() -> std::process::ExitCode {
    pgcascade::cli::main()
}
