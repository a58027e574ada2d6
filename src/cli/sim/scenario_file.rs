//! Scenario files: read whole, and every mistake told with its line.

use std::path::Path;

use toml::de::DeTable;

use crate::cli::config_file::suggestion;
use crate::cli::failure::{Exit, Failure};
use crate::sim::live::Scenario;

/// Bytes of a scenario file; more is some other file.
const MAX_SCENARIO: u64 = 1024 * 1024;

/// Reads a scenario.
///
/// # Errors
/// When it cannot be read, or makes no sense; with the line.
pub(super) fn read(path: &Path) -> Result<Scenario, Failure> {
    let unreadable = |why: &str| {
        let hint = "name a scenario file, as those in `simulations/`";
        Failure::usage(format!("the scenario {} cannot be read: {why}", path.display()), hint)
    };
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(&error.to_string()))?;
    if !metadata.is_file() || metadata.len() > MAX_SCENARIO {
        return Err(unreadable("it is no file of at most a megabyte"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error.to_string()))?;
    let mut scenario = parse(&text).map_err(|(line, why)| {
        let place = format!("{}:{line}: {why}", path.display());
        Failure { exit: Exit::Usage, lines: vec![place] }
    })?;
    if scenario.name.is_empty() {
        scenario.name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    }
    Ok(scenario)
}

/// A scenario in a text, or the line of the first mistake and what it is.
pub(super) fn parse(text: &str) -> Result<Scenario, (usize, String)> {
    let line_of = |offset: usize| 1 + text.bytes().take(offset).filter(|&byte| byte == b'\n').count();
    let scenario: Scenario = toml::from_str(text)
        .map_err(|error| (line_of(error.span().map_or(0, |span| span.start)), explain(error.message())))?;
    scenario.check().map_err(|mistake| {
        let table = DeTable::parse(text).ok();
        let key = table.as_ref().and_then(|table| table.get_ref().get_key_value(mistake.key));
        (line_of(key.map_or(0, |(key, _)| key.span().start)), mistake.why)
    })?;
    Ok(scenario)
}

/// What the reader says, with a guess at what was meant.
fn explain(message: &str) -> String {
    let message = message.trim().replace('\n', ", ");
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let unknown = message.strip_prefix("unknown field ").or_else(|| message.strip_prefix("unknown variant "));
    let Some((unknown, known)) = unknown.and_then(|rest| rest.split_once(", expected ")) else { return message };
    let (unknown, known) = (quoted(unknown).join(" "), quoted(known));
    let shown: String = unknown.chars().filter(|c| !c.is_control()).take(40).collect();
    match suggestion(&unknown, known.iter().map(String::as_str)) {
        Some(near) => format!("there is no `{shown}` here; did you mean `{near}`?"),
        None => format!("there is no `{shown}` here; there is {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{parse, read};

    #[test]
    fn mistakes_are_told_with_their_lines() {
        let cases = [
            ("nodes = 10\nnodez = 3\n", 2, "there is no `nodez` here; did you mean `nodes`?"),
            ("\n[links]\nloss = 1.5\n", 3, "1.5 is no fraction; it lies between 0 and 1"),
            ("[links]\nlatency = \"9ms..3ms\"\n", 2, "the first time of a range is the shorter one"),
            ("duration = \"soon\"\n", 1, "`soon` is no time with its unit"),
            ("nodes = 1\n", 1, "1 is out of bounds; use 2 to 1000000"),
            ("nodes = 10_000_000\n", 1, "10000000 is out of bounds"),
            ("seed = -1\n", 1, "expected u64"),
            ("seed = \"x\"\n", 1, "expected u64"),
            ("topology = \"strar\"\n", 1, "there is no `strar` here"),
            ("topology = []\n", 1, "name at least one topology"),
            ("nodes = 5\n\n[[fault]]\nkind = \"partitoin\"\nat = \"1s\"\n", 4, "did you mean `partition`?"),
            ("[[fault]]\nkind = \"clog\"\n", 1, "missing field `at`"),
            ("duration = \"1m\"\n[[fault]]\nkind = \"clog\"\nat = \"2m\"\n", 2, "after the end of the run"),
            ("[settings]\nmin_neighbors = 9\nmax_neighbors = 4\n", 1, "min_neighbors must not exceed"),
            ("nodes = 1000000\n\n[searches]\nevery = \"1ms\"\n", 3, "searches a second"),
            ("[churn]\nsession = { law = \"normal\", median = \"1m\" }\n", 2, "there is no `normal` here"),
            ("nodes = 3\n[[capacity]]\nkbps = 0\nshare = 1.0\n", 3, "0 is out of bounds"),
            (
                "[[capacity]]\nkbps = 64\nshare = 0.6\n[[capacity]]\nkbps = 640\nshare = 0.5\n",
                1,
                "add up to 1.10; they make at most 1",
            ),
            ("nodes = 3\n[graph\n", 2, ""),
        ];
        for (text, line, words) in cases {
            let (at, why) = parse(text).expect_err(text);
            assert_eq!(at, line, "{text}: {why}");
            assert!(why.contains(words), "{text}: {why}");
        }
        let faults = "[[fault]]\nkind = \"clog\"\nat = \"1s\"\n".repeat(1_001);
        assert!(parse(&faults).unwrap_err().1.contains("1001 faults are too many; the most is 1000"));
    }

    #[test]
    fn the_scenarios_of_this_repository_are_sound() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("simulations");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let scenarios = files.filter(|file| file.extension().is_some_and(|ending| ending == "toml"));
        let about: Vec<String> = scenarios.map(|file| read(&file).unwrap().about).collect();
        assert!(about.len() >= 6 && about.iter().all(|about| !about.is_empty()));
    }

    #[test]
    fn an_empty_scenario_is_one() {
        assert_eq!(parse("").map(|scenario| scenario.nodes.0), Ok(100));
    }
}
