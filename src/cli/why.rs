//! `hopscope why`: why a search did not find something at a node.

use clap::ArgMatches;

use super::failure::{Exit, Failure};
use super::flags::is_set;
use super::format;
use super::logging::{self, Target};
use super::node;
use super::output::{Out, Style};
use super::resolve::Resolved;
use super::scratch::Scratch;
use super::search::{joined, query, temporary};
use super::settings;
use crate::app::{Verdict, Why};
use crate::control::{Client, WhyBody};

/// Asks, and prints the verdict and what it rests on.
pub(super) fn run(resolved: &Resolved, verbosity: u8, arguments: &ArgMatches) -> Result<Exit, Failure> {
    let log = logging::start(resolved, verbosity, Target::Errors)?;
    // Checks what was typed here; what was not is the running node's to say.
    let typed = settings::settings(resolved)?;
    let body = WhyBody {
        text: query(arguments.get_many::<String>("words").into_iter().flatten().map(String::as_str)),
        at: arguments.get_one::<String>("at").cloned().unwrap_or_default(),
        ttl: (!resolved.is_default("ttl")).then_some(typed.ttl),
        search: arguments.get_one::<String>("search").cloned(),
    };
    let json = is_set(arguments, "json");
    match arguments.get_one::<String>("join") {
        None => super::block_on(ask(Client::new(&resolved.places.folders), body, json)),
        Some(peer) => {
            let scratch = Scratch::new("why")?;
            let settings = temporary(typed, &scratch, peer);
            node::run(joined(settings, log, async |client| ask(client, body, json).await))
        }
    }
}

async fn ask(client: Client, body: WhyBody, json: bool) -> Result<Exit, Failure> {
    let (why, text) = client.why(&body).await?;
    let mut out = Out::new();
    if json {
        out.line(text)?
    } else {
        show(&mut out, &why)?
    }
    Ok(exit(why.verdict))
}

/// It is there, it is not and this is why, or nobody can say.
fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Found => Exit::Done,
        verdict if verdict.is_explained() => Exit::NothingFound,
        _ => Exit::Failed,
    }
}

fn show(out: &mut Out, why: &Why) -> Result<(), Failure> {
    let style = match why.verdict {
        Verdict::Found => Style::Good,
        Verdict::Unknown | Verdict::UnknownNode => Style::Plain,
        _ => Style::Bad,
    };
    let title = out.paint(style, why.verdict.title());
    out.line(format!("{title}: {}", format::visible(&why.sentence)))?;
    why.evidence.iter().try_for_each(|line| {
        let text = format!("  {}", format::visible(&line.text));
        let text = out.paint(Style::Faint, &text);
        out.line(text)
    })
}

#[cfg(test)]
mod tests {
    use super::exit;
    use crate::app::Verdict;
    use crate::cli::failure::Exit;

    #[test]
    fn the_exit_code_tells_found_explained_and_unknown_apart() {
        let of = |verdicts: &[Verdict]| verdicts.iter().map(|verdict| exit(*verdict)).collect::<Vec<_>>();
        assert_eq!(of(&[Verdict::Found]), [Exit::Done]);
        assert_eq!(of(&[Verdict::NotShared, Verdict::BeyondHorizon, Verdict::Gone]), [Exit::NothingFound; 3]);
        assert_eq!(of(&[Verdict::Unknown, Verdict::UnknownNode]), [Exit::Failed; 2]);
    }
}
