//! Flags: what a setting or a switch looks like on the command line, and what was said with them there.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, value_parser};

use super::failure::Failure;
use super::options::{Group, OPTIONS, Opt, Shape, find};
use super::resolve::Flags;
use super::settings::duration;

/// The switch for JSON instead of text.
pub(super) fn json(help: &'static str) -> Arg {
    switch("json", help)
}

/// The number from which everything drawn by chance follows.
pub(super) fn seed(help: &'static str) -> Arg {
    Arg::new("seed").long("seed").value_name("S").value_parser(value_parser!(u64)).help(help)
}

/// A switch of a command.
pub(super) fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// How a lab's processes know that the lab is gone.
pub(super) fn exit_with_stdin() -> Arg {
    switch("exit-with-stdin", "End when standard input ends").hide(true)
}

/// How long something takes, as a person writes it.
pub(super) fn time(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name("DURATION").value_parser(duration).help(help)
}

/// How much is logged; the more often, the more.
pub(super) fn verbose() -> Arg {
    Arg::new("verbose")
        .short('v')
        .long("verbose")
        .action(ArgAction::Count)
        .global(true)
        .help_heading(Group::Log.heading())
        .help("Log more; again for still more")
}

/// The flags of those settings that have one; the home's is everywhere anyway.
pub(super) fn node_flags(wanted: impl Fn(&Opt) -> bool) -> impl Iterator<Item = Arg> {
    OPTIONS
        .iter()
        .filter(move |option| option.group != Group::Quiet && option.key != "home" && wanted(option))
        .map(flag)
}

/// The flag of one setting.
pub(super) fn setting(key: &'static str) -> Arg {
    find(key).map_or_else(|| Arg::new(key), flag)
}

fn flag(option: &'static Opt) -> Arg {
    let arg = Arg::new(option.key).value_name(option.value).help(option.help).help_heading(option.group.heading());
    let arg = arg.long(option.flag());
    match option.shape {
        // The last one counts, so that an alias with flags in it can be corrected.
        Shape::One => arg.action(ArgAction::Set).overrides_with(option.key),
        Shape::Many(_) => arg.action(ArgAction::Append),
        // Alone it says yes; `=false` takes back what the file says.
        Shape::Switch | Shape::Negated => arg
            .action(ArgAction::Set)
            .overrides_with(option.key)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .hide_possible_values(true)
            .value_parser(["true", "false"]),
    }
}

/// What the flags of a command say about settings.
pub(super) fn flags(matches: &ArgMatches) -> Flags {
    let said = |option: &&'static Opt| {
        matches!(matches.try_contains_id(option.key), Ok(true))
            && matches.value_source(option.key) == Some(ValueSource::CommandLine)
    };
    OPTIONS
        .iter()
        .filter(said)
        .map(|option| {
            let values = matches.get_many::<String>(option.key).into_iter().flatten();
            let values = values.map(|value| match (option.shape, value.as_str()) {
                (Shape::Negated, "true") => "false".to_owned(),
                (Shape::Negated, _) => "true".to_owned(),
                _ => value.clone(),
            });
            (option.key, values.collect())
        })
        .collect()
}

/// Refuses settings before a command, which would silently have no effect there.
///
/// # Errors
/// When there are any.
pub(super) fn misplaced(root: &ArgMatches, command: &str) -> Result<(), Failure> {
    match flags(root).keys().find(|&&key| key != "home").and_then(|key| find(key)) {
        Some(option) => Err(Failure::usage(
            format!("--{} stands before `{command}` and would have no effect there", option.flag()),
            format!("write `hopscope {command} --{} …`, if `{command}` takes it", option.flag()),
        )),
        None => Ok(()),
    }
}

/// Whether a switch of a command is on.
pub(super) fn is_set(matches: &ArgMatches, name: &str) -> bool {
    matches!(matches.try_get_one::<bool>(name), Ok(Some(true)))
}

#[cfg(test)]
mod tests {
    use super::{flags, misplaced};
    use crate::cli::grammar::command;

    fn parse(line: &str) -> clap::ArgMatches {
        command().try_get_matches_from(line.split(' ')).unwrap()
    }

    #[test]
    fn flags_say_what_was_typed_and_nothing_else() {
        let matches = parse("hopscope daemon --ttl 3 --peer a:1 --peer b:2 --only-peers --no-discovery --home /x");
        let said = flags(matches.subcommand_matches("daemon").unwrap());
        assert_eq!(said["peer"], ["a:1", "b:2"]);
        assert_eq!((said["only-peers"][0].as_str(), said["discovery"][0].as_str()), ("true", "false"));
        assert_eq!(said.len(), 5, "{said:?}");
        let matches = parse("hopscope --ttl 3 --no-discovery --ttl 4 --no-discovery=false --only-peers=false");
        let said = flags(&matches);
        assert_eq!((said["only-peers"][0].as_str(), said["discovery"][0].as_str()), ("false", "true"));
        assert_eq!(said["ttl"], ["4"]);
    }

    #[test]
    fn a_flag_that_would_have_no_effect_is_refused() {
        let matches = parse("hopscope --ttl 3 daemon");
        assert!(misplaced(&matches, "daemon").is_err());
        let matches = parse("hopscope --home /x status");
        assert!(misplaced(&matches, "status").is_ok());
    }
}
