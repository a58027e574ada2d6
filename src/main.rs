//! The `hopscope` program: hands its arguments to `cli`.

fn main() {}
