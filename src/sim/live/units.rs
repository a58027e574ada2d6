//! Numbers of a scenario, each refused where it is read if it makes no sense: so that the reader of a file can say where.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::base::Rng;

/// The longest time in a scenario: a hundred days.
pub const LONGEST: Duration = Duration::from_secs(100 * 86_400);

/// A time with its unit: `400ms`, `1.5s`, `10m`, `2h`, `3d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl Span {
    /// So many milliseconds.
    #[must_use]
    pub const fn millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// So many seconds.
    #[must_use]
    pub const fn secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }
}

/// Why a text is no [`Span`], [`Spread`] or the like.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnitError(String);

impl FromStr for Span {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let wrong = || {
            let shown: String = text.chars().filter(|c| !c.is_control()).take(24).collect();
            UnitError(format!(
                "`{shown}` is no time with its unit, for example 400ms, 1.5s, 10m or 2h, at most 100 days"
            ))
        };
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let unit = match unit {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return Err(wrong()),
        };
        let secs = number.parse::<f64>().map_err(|_| wrong())? * unit;
        Duration::try_from_secs_f64(secs).ok().filter(|span| *span <= LONGEST).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        match micros {
            _ if !micros.is_multiple_of(1_000) => write!(f, "{micros}us"),
            _ if !micros.is_multiple_of(1_000_000) => write!(f, "{}ms", micros / 1_000),
            _ => write!(f, "{}s", micros / 1_000_000),
        }
    }
}

/// A time that is drawn evenly between two, both included: `10ms..80ms`, or always the same: `50ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    shortest: Duration,
    longest: Duration,
}

impl Spread {
    /// Between these two times; the same one twice is a constant.
    ///
    /// # Errors
    /// When the first is the longer one, or less than a microsecond.
    pub fn new(shortest: Duration, longest: Duration) -> Result<Self, UnitError> {
        if shortest < Duration::from_micros(1) {
            return Err(UnitError("a link takes at least one microsecond".into()));
        }
        if longest < shortest {
            return Err(UnitError("the first time of a range is the shorter one".into()));
        }
        Ok(Self { shortest, longest })
    }

    /// Between these two numbers of milliseconds, the smaller one first.
    pub(super) const fn millis(shortest: u64, longest: u64) -> Self {
        Self { shortest: Duration::from_millis(shortest), longest: Duration::from_millis(longest) }
    }

    /// The longest time that may be drawn.
    #[must_use]
    pub const fn longest(self) -> Duration {
        self.longest
    }

    /// One of them.
    pub(super) fn draw(self, rng: &mut Rng) -> Duration {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(rng.range(micros(self.shortest)..micros(self.longest) + 1))
    }
}

impl FromStr for Spread {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (shortest, longest) = text.split_once("..").unwrap_or((text, text));
        Self::new(shortest.parse::<Span>()?.0, longest.parse::<Span>()?.0)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", Span(self.shortest), Span(self.longest))
    }
}

/// Written and read as text.
macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

as_text!(Span);
as_text!(Spread);

/// A share of a whole, or how likely something is: 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize)]
pub struct Fraction(f64);

impl Fraction {
    /// A fraction; what lies outside of 0 to 1 is brought inside.
    #[must_use]
    pub const fn new(fraction: f64) -> Self {
        Self(fraction.clamp(0.0, 1.0))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// Whether it happens this time. Draws nothing for 0, so that what is off changes no run.
    pub(super) fn happens(self, rng: &mut Rng) -> bool {
        self.0 > 0.0 && rng.fraction() < self.0
    }
}

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        if (0.0..=1.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(de::Error::custom(format_args!("{number} is no fraction; it lies between 0 and 1")))
        }
    }
}

/// A number that a scenario may choose between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
pub struct Real<const LEAST: u32, const MOST: u32>(pub f64);

impl<'de, const LEAST: u32, const MOST: u32> Deserialize<'de> for Real<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        if (f64::from(LEAST)..=f64::from(MOST)).contains(&number) {
            Ok(Self(number))
        } else {
            Err(de::Error::custom(format_args!("{number} is too far out; use a number from {LEAST} to {MOST}")))
        }
    }
}

/// A whole number that a scenario may choose between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Whole<const LEAST: usize, const MOST: usize>(pub usize);

impl<'de, const LEAST: usize, const MOST: usize> Deserialize<'de> for Whole<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        match usize::try_from(number) {
            Ok(whole) if (LEAST..=MOST).contains(&whole) => Ok(Self(whole)),
            _ => Err(de::Error::custom(format_args!("{number} is out of bounds; use {LEAST} to {MOST}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Fraction, Span, Spread};
    use crate::base::Rng;

    #[test]
    fn times_have_units_and_bounds() {
        let span = |text: &str| text.parse::<Span>().map(|span| span.0.as_micros());
        assert_eq!(span("400ms"), Ok(400_000));
        assert_eq!(span("1.5s"), Ok(1_500_000));
        assert_eq!([span("2m"), span("2min"), span("1h")], [Ok(120_000_000), Ok(120_000_000), Ok(3_600_000_000)]);
        for bad in ["", "5", "s", "-1s", "1e9d", "101d", "..s", "1s ", "NaNs"] {
            assert!(span(bad).is_err(), "{bad}");
        }
        for text in ["7us", "15ms", "90s"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_spread_is_drawn_between_its_ends() {
        let spread: Spread = "10ms..12ms".parse().unwrap();
        let mut rng = Rng::new(1);
        let drawn: Vec<Duration> = (0..1_000).map(|_| spread.draw(&mut rng)).collect();
        let between = Duration::from_millis(10)..=Duration::from_millis(12);
        assert!(drawn.iter().all(|time| between.contains(time)));
        assert_eq!("5ms".parse::<Spread>().unwrap().draw(&mut rng), Duration::from_millis(5));
        assert!("2s..1s".parse::<Spread>().is_err() && "0ms".parse::<Spread>().is_err());
    }

    #[test]
    fn what_never_happens_draws_nothing() {
        let (mut rng, mut other) = (Rng::new(3), Rng::new(3));
        assert!(!Fraction::new(0.0).happens(&mut rng) && Fraction::new(7.0).happens(&mut Rng::new(1)));
        assert_eq!(rng.next_u64(), other.next_u64());
    }
}
