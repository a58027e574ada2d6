//! `hopscope sim reproduce`: published figures beside those of the simulator, printed as they come.

use std::io::{self, IsTerminal, Write};

use clap::{Arg, ArgMatches, Command};
use serde::Serialize;

use crate::app::Clock;
use crate::cli::failure::{Exit, Failure};
use crate::cli::flags::{is_set, json, seed, switch};
use crate::cli::format::span;
use crate::cli::output::{Out, Style};
use crate::sim::reproduce::{Allowed, Basis, Effort, How, Row, STUDIES, Stop, Study, Told, Verdict, study};

/// What stands above the columns of a study.
const HEAD: &str = "           published         ours       off   allowed  from      by       what";

/// The command's grammar.
pub(super) fn command() -> Command {
    let names: Vec<String> = STUDIES.iter().map(|study| format!("  {:<14} {}", study.name, study.about)).collect();
    Command::new("reproduce")
        .about("Reproduce published results, and print them beside ours")
        .long_about(
            "Reproduce published results, and print them beside ours: the published figure, ours, the difference, and what \
             is allowed of it. `from` says where the published figure is from: the paper itself, somebody's extract of it, \
             memory (recalled), a formula, or another program's measurement where the paper's table could not be read. `by` \
             says how ours came about: floods through the core that real nodes run, a model of what the core does not do, \
             or a formula. Whatever differs without a tolerance has its reason beside it.",
        )
        .arg(Arg::new("name").value_name("NAME").required(true).help("Which results: one of those below, or all"))
        .arg(seed("Graphs, sources, delays and walks follow from it").default_value("1"))
        .arg(switch("full", "Draw as many sources as the tolerances were meant for; takes many minutes"))
        .arg(json("Print one JSON object a figure, and one that counts them"))
        .after_help(format!("Results:\n{}\n\nExit code 1 if a figure is outside its tolerance.", names.join("\n")))
}

/// A figure, for `--json`.
#[derive(Debug, Serialize)]
struct Figure<'a> {
    study: &'a str,
    paper: &'a str,
    #[serde(flatten)]
    row: &'a Row,
    difference: f64,
    verdict: Verdict,
}

/// How many figures came out how.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Sum {
    holds: usize,
    differs: usize,
    broken: usize,
}

/// Runs one study or all, and prints their figures.
pub(super) fn run(arguments: &ArgMatches) -> Result<Exit, Failure> {
    let name = arguments.get_one::<String>("name").map_or("", String::as_str);
    let wanted: Vec<&Study> = match (name, study(name)) {
        ("all", _) => STUDIES.iter().collect(),
        (_, Some(study)) => vec![study],
        (_, None) => return Err(unknown(name)),
    };
    let seed = arguments.get_one::<u64>("seed").copied().unwrap_or_default();
    let effort = if is_set(arguments, "full") { Effort::Full } else { Effort::Usual };
    let mut page = Page::new(is_set(arguments, "json"));
    wanted.into_iter().try_for_each(|study| page.study(study, seed, effort))?;
    page.end()
}

/// A name that there is not, and those that there are.
fn unknown(name: &str) -> Failure {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    let mut failure = Failure::usage(format!("there are no results `{shown}`"), "choose all, or one of these:");
    failure.lines.extend(STUDIES.iter().map(|study| format!("  {:<14} {}", study.name, study.about)));
    failure
}

/// What is printed.
struct Page {
    out: Out,
    json: bool,
    sum: Sum,
    clock: Clock,
    /// Whether somebody watches standard error.
    watched: bool,
}

impl Page {
    fn new(json: bool) -> Self {
        Self { out: Out::new(), json, sum: Sum::default(), clock: Clock::start(), watched: io::stderr().is_terminal() }
    }

    /// Runs a study and prints its rows as they come.
    fn study(&mut self, study: &Study, seed: u64, effort: Effort) -> Result<(), Failure> {
        if !self.json {
            self.out.line(self.out.paint(Style::Strong, &format!("{}: {}", study.name, study.paper)))?;
            self.out.line(self.out.paint(Style::Faint, HEAD))?;
        }
        let mut failed = None;
        let ended = study.run(seed, effort, &mut |told| {
            let told = match told {
                Told::Row(row) => self.row(study, row),
                Told::Done(what, done, of) => {
                    self.progress(&format!("{}: {what}, {done} of {of}", study.name));
                    Ok(())
                }
            };
            told.map_err(|failure| failed = Some(failure)).is_ok()
        });
        self.progress("");
        match (failed, ended) {
            (Some(failure), _) => Err(failure),
            (None, Ok(()) | Err(Stop::Enough)) if self.json => Ok(()),
            (None, Ok(()) | Err(Stop::Enough)) => self.out.line(""),
            (None, Err(error)) => Err(Failure::failed(error.to_string(), "try another --seed")),
        }
    }

    fn row(&mut self, study: &Study, row: &Row) -> Result<(), Failure> {
        let verdict = row.verdict();
        match verdict {
            Verdict::Holds => self.sum.holds += 1,
            Verdict::Differs => self.sum.differs += 1,
            Verdict::Broken => self.sum.broken += 1,
        }
        self.progress("");
        if self.json {
            let (study, paper) = (study.name, study.paper);
            return self.out.json(&Figure { study, paper, row, difference: row.difference(), verdict });
        }
        let (style, word) = match verdict {
            Verdict::Holds => (Style::Good, "ok"),
            Verdict::Differs => (Style::Plain, "differs"),
            Verdict::Broken => (Style::Bad, "BROKEN"),
        };
        self.out.line(format!("{}  {}", self.out.paint(style, &format!("{word:<7}")), columns(row)))?;
        let Some(why) = &row.why else { return Ok(()) };
        self.out.line(self.out.paint(Style::Faint, &format!("{:9}{why}", "")))
    }

    /// Replaces the line of progress on standard error; whether that works changes nothing.
    fn progress(&self, line: &str) {
        if self.watched {
            let mut stderr = io::stderr().lock();
            let _ = write!(stderr, "\r\x1b[K{line}").and_then(|()| stderr.flush());
        }
    }

    /// Counts the figures, and says by the exit code whether all are within their tolerances.
    fn end(mut self) -> Result<Exit, Failure> {
        let Sum { holds, differs, broken } = self.sum;
        if self.json {
            self.out.json(&self.sum)?;
        } else {
            let took = span(u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX));
            self.out.line(format!(
                "{holds} within their tolerance, {differs} different for the reason beside them, {broken} broken; {took}"
            ))?;
        }
        Ok(if broken == 0 { Exit::Done } else { Exit::Failed })
    }
}

/// A row's columns but the verdict.
fn columns(row: &Row) -> String {
    format!(
        "{:>12} {:>12} {:>9} {:>9}  {:<9} {:<8} {}",
        figure(row, row.published),
        figure(row, row.ours),
        off(row),
        allowed(row),
        match row.basis {
            Basis::Paper => "paper",
            Basis::Extract => "extract",
            Basis::Recalled => "recalled",
            Basis::Formula => "formula",
            Basis::Measured => "measured",
        },
        match row.how {
            How::Core => "core",
            How::Model => "model",
            How::Formula => "formula",
        },
        row.what,
    )
}

/// A value as exact as it means something; the unit is set apart.
fn figure(row: &Row, value: f64) -> String {
    let gap = if row.unit.is_empty() { "" } else { " " };
    format!("{value:.*}{gap}{}", row.decimals, row.unit)
}

/// The difference: in points where the figures are percentages, else in percent.
fn off(row: &Row) -> String {
    let difference = row.difference();
    if difference == 0.0 {
        "0".to_owned()
    } else if row.unit == "%" {
        format!("{difference:+.*}", row.decimals.max(1))
    } else if row.published == 0.0 {
        format!("{difference:+.*}", row.decimals)
    } else {
        format!("{:+.2} %", 100.0 * difference / row.published)
    }
}

/// What is allowed of the difference, in the same terms.
fn allowed(row: &Row) -> String {
    let relative = row.unit != "%" && row.published != 0.0;
    let most = |most: f64| {
        if relative { format!("{:.2} %", 100.0 * most / row.published.abs()) } else { format!("{most:.2}") }
    };
    match row.allowed {
        Allowed::Exact => "0".to_owned(),
        Allowed::Relative(share) => most(share * row.published.abs() + row.statistics),
        Allowed::Absolute(points) => most(points + row.statistics),
        Allowed::AtLeast => "more".to_owned(),
        Allowed::Open => "-".to_owned(),
    }
}
