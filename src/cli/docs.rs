//! Shell completions and the manual page, generated from the grammar.

use clap::ArgMatches;
use clap_complete::Shell;

use super::config_file::suggestion;
use super::failure::{EXIT_CODES, Exit, Failure};
use super::grammar;
use super::options::{Group, OPTIONS};
use super::output::Out;

/// Prints the completions of a shell.
pub(super) fn completions(arguments: &ArgMatches) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    if let Some(&shell) = arguments.get_one::<Shell>("shell") {
        clap_complete::generate(shell, &mut grammar::command(), "hopscope", &mut script);
    }
    Out::new().raw(&script)?;
    Ok(Exit::Done)
}

/// Prints the manual page, of the program or of a command.
pub(super) fn manual(arguments: &ArgMatches) -> Result<Exit, Failure> {
    let page = match arguments.get_one::<String>("command") {
        Some(name) => page_of(name)?,
        None => page()?,
    };
    Out::new().raw(&page)?;
    Ok(Exit::Done)
}

/// The program's page: what clap knows, the settings that have no flag, the files and the exit codes.
fn page() -> Result<Vec<u8>, Failure> {
    let command = grammar::command().after_help("");
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    let mut more = String::from(".SH ENVIRONMENT AND CONFIGURATION\n");
    more.push_str(
        "Each setting NAME is also NAME in config.toml and HOPSCOPE_NAME in the environment. Without a flag:\n",
    );
    for option in OPTIONS.iter().filter(|option| option.group == Group::Quiet) {
        more.push_str(&format!(
            ".TP\n\\fB{}\\fR, \\fB{}\\fR\n{}\n",
            dashes(option.key),
            option.variable(),
            option.help
        ));
    }
    more.push_str(
        ".SH FILES\n.TP\n$XDG_CONFIG_HOME/hopscope/config.toml\nThe configuration; keymaps/ and themes/ beside it\n",
    );
    more.push_str(".TP\n$XDG_STATE_HOME/hopscope/\nThe node's key, the hosts it knows, the cache of its library\n");
    more.push_str(".TP\n$XDG_RUNTIME_DIR/hopscope/control.sock\nThe control socket, HTTP/1.1 with JSON\n");
    more.push_str(".PP\nWith \\-\\-home all of it lies in that folder.\n.SH EXIT STATUS\n");
    for line in EXIT_CODES.lines().skip(1) {
        let (code, meaning) = line.trim().split_once("  ").unwrap_or((line, ""));
        more.push_str(&format!(".TP\n{code}\n{meaning}\n"));
    }
    page.extend_from_slice(more.as_bytes());
    Ok(page)
}

fn page_of(name: &str) -> Result<Vec<u8>, Failure> {
    let mut root = grammar::command();
    root.build();
    let Some(command) = root.find_subcommand(name) else {
        let near = suggestion(name, root.get_subcommands().map(clap::Command::get_name));
        let hint = near.map_or("see `hopscope --help`".into(), |near| format!("did you mean `{near}`?"));
        return Err(Failure::usage(format!("there is no command `{}`", super::format::visible(name)), hint));
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone().display_name(format!("hopscope-{name}"))).render(&mut page)?;
    Ok(page)
}

/// A minus that stays one: roff would make a hyphen of it.
fn dashes(text: &str) -> String {
    text.replace('-', "\\-")
}

#[cfg(test)]
mod tests {
    use super::{page, page_of};
    use crate::cli::options::OPTIONS;

    #[test]
    fn the_manual_names_every_setting_and_exit_code() {
        let page = String::from_utf8(page().unwrap()).unwrap();
        for option in OPTIONS {
            let name = option.key.replace('-', "\\-");
            assert!(page.contains(&name), "{name} is not in the manual");
        }
        assert!(page.contains(".TP\n6\nverification failed"), "{page}");
        assert!(page_of("serch").unwrap_err().lines[0].contains("`search`"));
        assert!(String::from_utf8(page_of("search").unwrap()).unwrap().contains("hopscope\\-search"));
    }
}
