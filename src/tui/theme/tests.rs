//! Themes: the built-in ones can be read by everybody, and files over them have their mistakes told.

use std::io;

use ratatui::style::Modifier;

use super::file::load_with;
use super::*;

const DIR: &str = "/config/themes";

/// Loads from files that exist only here.
fn load(request: &str, files: &[(&str, &str)]) -> (Theme, Vec<ThemeError>) {
    let read = |path: &Path| {
        let wanted = files.iter().find(|(name, _)| Path::new(DIR).join(name) == path);
        wanted.map(|(_, text)| (*text).to_owned()).ok_or_else(|| io::ErrorKind::NotFound.into())
    };
    load_with(request, Path::new(DIR), &read)
}

fn errors(text: &str) -> Vec<String> {
    let (theme, errors) = load("dark", &[("dark.toml", text)]);
    assert_eq!(theme, builtin("dark"), "with an error the defaults hold");
    errors.iter().map(|error| error.to_string().replace("/config/themes/", "")).collect()
}

fn builtin(name: &str) -> Theme {
    Theme::builtin(name).expect(name)
}

fn fg(theme: &Theme, meaning: Meaning) -> Color {
    theme.style(meaning).fg.unwrap_or(Color::Reset)
}

/// Red, green and blue as amounts of light.
fn light(rgb: [u8; 3]) -> [f64; 3] {
    rgb.map(|value| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    })
}

fn weigh(weights: [f64; 3], of: [f64; 3]) -> f64 {
    weights.iter().zip(of).map(|(weight, value)| weight * value).sum()
}

/// Contrast of two colours as the web's accessibility guidelines count it, 1 to 21.
fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let [a, b] = [a, b].map(|rgb| weigh([0.2126, 0.7152, 0.0722], light(rgb)));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// How everybody, and people with the two common kinds of red-green blindness, see colours (Machado, Oliveira and
/// Fernandes, 2009, severity 1).
const VISIONS: [[[f64; 3]; 3]; 3] = [
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
    [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]],
];

/// A colour in CIELAB, where distances are as large as they look.
fn lab(rgb: [u8; 3], vision: [[f64; 3]; 3]) -> [f64; 3] {
    let seen = vision.map(|row| weigh(row, light(rgb)).clamp(0.0, 1.0));
    let root = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    let x = root(weigh([0.4124, 0.3576, 0.1805], seen) / 0.9505);
    let y = root(weigh([0.2126, 0.7152, 0.0722], seen));
    let z = root(weigh([0.0193, 0.1192, 0.9505], seen) / 1.089);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[test]
fn built_in_themes_are_whole() {
    for (name, text) in BUILT_IN {
        let (theme, errors) = load(name, &[]);
        assert_eq!(errors, [], "{name}");
        assert_eq!(theme, builtin(name));
        assert_eq!(theme.name(), name);
        for meaning in Meaning::ALL {
            assert!(text.contains(&format!("\n{} = ", meaning.name())), "{name} says nothing of {}", meaning.name());
        }
    }
    assert!(Theme::builtin("pink").is_none());
}

#[test]
fn the_promised_colors_are_kept() {
    let dark = builtin("dark");
    for (meaning, color) in [
        (Meaning::SelfNode, "#f0e442"),
        (Meaning::UltraPeer, "#cc79a7"),
        (Meaning::Leaf, "#56b4e9"),
        (Meaning::Focus, "#56b4e9"),
        (Meaning::Hit, "#00c88c"),
        (Meaning::Duplicate, "#5a6278"),
        (Meaning::Dropped, "#d55e00"),
        (Meaning::Warning, "#e69f00"),
        (Meaning::Up, "#e69f00"),
        (Meaning::Down, "#009ec8"),
    ] {
        assert_eq!(Some(fg(&dark, meaning)), color::parse(color), "{meaning:?}");
    }
}

#[test]
fn text_can_be_read_on_its_background() {
    let decoration = [Meaning::Border, Meaning::BarEmpty];
    for (name, ground) in [("dark", [0x14, 0x18, 0x20]), ("light", [0xff; 3])] {
        let theme = builtin(name);
        for meaning in Meaning::ALL.iter().filter(|meaning| !decoration.contains(meaning)) {
            let Some(color) = rgb(fg(&theme, *meaning)) else { continue };
            // Faint on purpose: what is over, and counts of what came twice.
            let least = if [Meaning::Duplicate, Meaning::TtlSpent].contains(meaning) { 2.7 } else { 4.0 };
            let reached = contrast(color, ground);
            assert!(reached >= least, "{name} {meaning:?} {reached:.2}");
        }
        for hop in 1..=7 {
            let color = theme.hop(hop, 7).fg.and_then(rgb).expect("a color");
            assert!(contrast(color, ground) >= 1.9, "{name} hop {hop} {:.2}", contrast(color, ground));
        }
    }
}

#[test]
fn meanings_differ_for_every_kind_of_color_vision() {
    let told_apart =
        [Meaning::SelfNode, Meaning::UltraPeer, Meaning::Leaf, Meaning::Hit, Meaning::Duplicate, Meaning::Dropped];
    for name in ["dark", "light"] {
        let theme = builtin(name);
        for (a, b) in (0..told_apart.len()).flat_map(|a| (0..a).map(move |b| (told_apart[a], told_apart[b]))) {
            for (n, vision) in VISIONS.into_iter().enumerate() {
                let [x, y] = [a, b].map(|meaning| lab(rgb(fg(&theme, meaning)).expect("a color"), vision));
                let apart = x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
                // 2 is the least that can be seen, side by side.
                assert!(apart > 15.0, "{name} {a:?} {b:?} vision {n}: {apart:.0}");
            }
        }
    }
}

#[test]
fn hops_get_brighter_all_the_way() {
    for name in ["dark", "light"] {
        let theme = builtin(name);
        let brightness: Vec<f64> =
            (1..=7).map(|hop| contrast(theme.hop(hop, 7).fg.and_then(rgb).expect("a color"), [0; 3])).collect();
        assert!(brightness.is_sorted(), "{name} {brightness:?}");
    }
    assert_eq!(builtin("dark").hop(1, 1), builtin("dark").hop(1, 7));
    assert_eq!(builtin("dark").hop(0, 0), builtin("dark").hop(1, 7));
    assert_eq!(builtin("dark").hop(200, 7), builtin("dark").hop(7, 7));
}

#[test]
fn less_depth_means_fewer_colors() {
    let dark = builtin("dark");
    assert_eq!(dark.clone().at(ColorDepth::TrueColor), dark);
    assert_eq!(dark.clone().at(ColorDepth::Ansi).name(), "ansi");
    assert!(matches!(fg(&dark.clone().at(ColorDepth::Indexed), Meaning::Leaf), Color::Indexed(16..)));
    let mono = dark.at(ColorDepth::None);
    for style in Meaning::ALL.iter().map(|meaning| mono.style(*meaning)).chain([mono.hop(3, 7)]) {
        assert_eq!(style.fg, Some(Color::Reset));
        assert!((Modifier::BOLD | Modifier::REVERSED).contains(style.add_modifier));
    }
    assert!(mono.style(Meaning::Selected).add_modifier.contains(Modifier::REVERSED));
    let (own, _) = load("own", &[("own.toml", "styles = { leaf = '#ff0000' }")]);
    assert_eq!(fg(&own.at(ColorDepth::Ansi), Meaning::Leaf), Color::LightRed);
}

#[test]
fn user_files_lie_over_the_built_in_ones() {
    let files = [
        (
            "dark.toml",
            "[colors]\nsea = '#123456'\n[styles]\nleaf = 'sea'\nhit = { fg = 208, bold = true, dim = false }",
        ),
        ("dusk.toml", "name = 'Dusk'\nhops = ['red', 'blue']\n[styles]\nhit = 'cyan'"),
        ("day.toml", "inherits = 'light'"),
    ];
    let (dusk, errors) = load("dusk", &files);
    assert_eq!(errors, []);
    assert_eq!(dusk.name(), "Dusk");
    assert_eq!(fg(&dusk, Meaning::Leaf), Color::Rgb(0x12, 0x34, 0x56));
    assert_eq!(dusk.style(Meaning::Hit), Style::new().fg(Color::Cyan));
    assert_eq!(dusk.hop(7, 7).fg, Some(Color::Blue));
    assert_eq!(fg(&dusk, Meaning::SelfNode), fg(&builtin("dark"), Meaning::SelfNode));
    let (dark, _) = load("dark", &files);
    assert_eq!(dark.style(Meaning::Hit).fg, Some(Color::Indexed(208)));
    assert!(dark.style(Meaning::Hit).add_modifier.contains(Modifier::BOLD));
    let (day, _) = load("day", &files);
    assert_eq!((day.name(), fg(&day, Meaning::Leaf)), ("day", fg(&builtin("light"), Meaning::Leaf)));
    let (by_path, errors) = load("/t/x.toml", &[("/t/x.toml", "[styles]\nleaf = 'red'")]);
    assert_eq!((errors, fg(&by_path, Meaning::Leaf)), (vec![], Color::Red));
    assert_eq!(Theme::path("dusk", Path::new(DIR)), Path::new(DIR).join("dusk.toml"));
    assert_eq!(Theme::path("/t/x.toml", Path::new(DIR)), Path::new("/t/x.toml"));
}

#[test]
fn mistakes_are_told_with_line_and_suggestion() {
    for (text, said) in [
        ("[styles]\nleef = 'red'", "dark.toml:2: nothing on the screen means `leef`; did you mean `leaf`?"),
        ("[styles]\nleaf = 'bright-rad'", "dark.toml:2: unknown color `bright-rad`; did you mean `bright-red`?"),
        ("[styles]\nleaf = '#12345'", "dark.toml:2: unknown color `#12345`; write it like #56b4e9"),
        ("[styles]\nleaf = 256", "dark.toml:2: unknown color `256`; write it like #56b4e9"),
        ("[styles]\nleaf = { bald = true }", "dark.toml:2: unknown field `bald`; did you mean `bold`?"),
        ("[styles]\nleaf = { bold = 1 }", "dark.toml:2: `bold` must be true or false"),
        ("styles = 1", "dark.toml:1: `styles` must be a table"),
        ("hops = []", "dark.toml:1: `hops` must be a list of colors"),
        ("\nstyle = 1", "dark.toml:2: unknown field `style`; did you mean `styles`?"),
        ("name = 1", "dark.toml:1: `name` must be a text"),
        (
            "inherits = 'moon'",
            "moon.toml: there is no theme `moon`; there are dark, light, ansi, mono and the files in /config/themes",
        ),
        ("inherits = '/no/such.toml'", "/no/such.toml: cannot read it: entity not found"),
    ] {
        assert_eq!(errors(text), [said], "{text}");
    }
    assert!(errors("[styles]\nleaf = \n= 3\nhit = 'nocolor'").len() >= 2);
    let circle = [("a.toml", "inherits = 'b'"), ("b.toml", "inherits = 'a'")];
    assert!(load("a", &circle).1[0].to_string().contains("b.toml:1: `inherits` runs in a circle: a > b > a"));
    let (light, errors) = load("light", &[("light.toml", "x = 1")]);
    assert_eq!((light.name(), errors.len()), ("light", 1));
}

mod never_a_panic {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_the_file_says(text in "[a-z#\\[\\]{}='\n ]{0,60}|\\PC{0,40}") {
            let _ = load("dark", &[("dark.toml", &text)]);
        }
    }
}
