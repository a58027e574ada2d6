//! hopscope as its users meet it: real processes, sockets and files; and what the source promises about itself.
//!
//! No test sleeps to wait for something: each waits for the event, the line or the end of the process, and fails when that
//! does not come.

mod both;
mod central;
mod change;
mod commands;
mod crowd;
mod homes;
mod lab;
mod line;
mod replay;
mod screen;
mod sim;
mod support;
mod tidy;
mod traced;
mod ultra;
mod why;
