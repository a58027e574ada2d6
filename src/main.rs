//! The `hopscope` program: hands its arguments to `cli`.

fn main() -> std::process::ExitCode {
    hopscope::cli::main()
}
