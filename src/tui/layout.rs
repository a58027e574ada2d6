//! Where things stand on a terminal of some size. Drawing and the mouse ask the same function, so that a click lands
//! on what is seen.

use ratatui::layout::{Constraint, Layout, Rect};

use super::action::PaneName;

/// Columns from which all panes of a screen are seen at once.
const WIDE: u16 = 100;
/// Rows that this takes.
const TALL: u16 = 24;
/// Below either of these there is room for one status view only.
const LEAST: (u16, u16) = (60, 16);

/// Rows that the flood in numbers needs.
const HOPS: u16 = 22;

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// All panes at once.
    Full,
    /// One pane at a time, the others are tabs.
    Tabs,
    /// A few lines that say how the node is.
    Status,
}

/// Where everything stands.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How much room there is.
    pub room: Room,
    /// Who we are.
    pub header: Rect,
    /// The screens' names.
    pub screens: Rect,
    /// The panes' names, where panes are tabs.
    pub tabs: Option<Rect>,
    /// A warning of the node, if there is one.
    pub warning: Option<Rect>,
    /// What is between the bars.
    pub body: Rect,
    /// Panes that are seen.
    pub panes: Vec<(PaneName, Rect)>,
    /// The meter of traffic, where there is room for it.
    pub traffic: Option<Rect>,
    /// The keys that work here.
    pub footer: Rect,
}

/// The panes of a screen, in the order in which `Tab` goes through them. Empty where there is no such screen.
#[must_use]
pub fn panes_of(screen: u8) -> &'static [PaneName] {
    use PaneName::{
        About, Cost, Files, Flood, Hops, Log, Map, Neighbors, Queries, Results, Rings, Role, Shares, Story, Transfers,
    };
    match screen {
        1 => &[Neighbors, Queries, Role, Transfers, Flood],
        2 => &[Results, Cost],
        3 => &[Rings, Hops, Story],
        4 => &[Map, About],
        5 => &[Files, Shares],
        6 => &[Log],
        _ => &[],
    }
}

/// Lays a screen out.
#[must_use]
pub fn plan(area: Rect, screen: u8, focus: PaneName, zoomed: bool, warned: bool) -> Plan {
    let room = match (area.width, area.height) {
        (width, height) if width < LEAST.0 || height < LEAST.1 => Room::Status,
        (width, height) if width < WIDE || height < TALL => Room::Tabs,
        _ => Room::Full,
    };
    let named = room == Room::Tabs && panes_of(screen).len() > 1;
    let bars = [
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(named.into()),
        Constraint::Length(warned.into()),
        Constraint::Fill(1),
        Constraint::Length(1),
    ];
    let [header, screens, tabs, warning, body, footer] = Layout::vertical(bars).areas(area);
    let mut plan = Plan {
        room,
        header,
        screens,
        tabs: named.then_some(tabs),
        warning: warned.then_some(warning),
        body,
        panes: Vec::new(),
        traffic: None,
        footer,
    };
    if room == Room::Status {
        plan.body = area;
    } else if room == Room::Tabs || zoomed {
        plan.panes.extend(panes_of(screen).contains(&focus).then_some((focus, body)));
    } else {
        plan.arrange(screen);
    }
    plan
}

impl Plan {
    /// The pane at a place.
    #[must_use]
    pub fn pane_at(&self, column: u16, row: u16) -> Option<(PaneName, Rect)> {
        self.panes.iter().copied().find(|(_, area)| area.contains((column, row).into()))
    }

    /// Where a pane stands, if it is seen.
    #[must_use]
    pub fn area_of(&self, pane: PaneName) -> Option<Rect> {
        self.panes.iter().find(|(name, _)| *name == pane).map(|(_, area)| *area)
    }

    fn arrange(&mut self, screen: u8) {
        match screen {
            1 => self.arrange_node(),
            2 => {
                let [results, cost] =
                    Layout::horizontal([Constraint::Fill(1), Constraint::Length(side_width(self.body.width))])
                        .areas(self.body);
                self.panes = vec![(PaneName::Results, results), (PaneName::Cost, cost)];
            }
            3 => {
                let side = Constraint::Length(side_width(self.body.width));
                let [rings, side] = Layout::horizontal([Constraint::Fill(1), side]).areas(self.body);
                // A line a hop and the sums below them; the selected node's story has no end.
                let hops = (self.body.height / 2).min(HOPS);
                let [hops, story] = Layout::vertical([Constraint::Length(hops), Constraint::Fill(1)]).areas(side);
                self.panes = vec![(PaneName::Rings, rings), (PaneName::Hops, hops), (PaneName::Story, story)];
            }
            4 => {
                let side = Constraint::Length(side_width(self.body.width));
                let [map, about] = Layout::horizontal([Constraint::Fill(1), side]).areas(self.body);
                self.panes = vec![(PaneName::Map, map), (PaneName::About, about)];
            }
            5 => {
                let [files, shares] = Layout::horizontal([Constraint::Fill(5), Constraint::Fill(4)]).areas(self.body);
                self.panes = vec![(PaneName::Files, files), (PaneName::Shares, shares)];
            }
            6 => self.panes = vec![(PaneName::Log, self.body)],
            _ => {}
        }
    }

    fn arrange_node(&mut self) {
        // The flood has a line a hop, at most seven of them, and what is left goes to the lists, which have no end.
        let flood = (self.body.height / 3).clamp(6, 11);
        let middle = (self.body.height.saturating_sub(flood) * 2 / 5).clamp(7, 14);
        let rows = [Constraint::Fill(1), Constraint::Length(middle), Constraint::Length(flood)];
        let [top, middle, bottom] = Layout::vertical(rows).areas(self.body);
        let [neighbors, queries] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(top);
        let side = Constraint::Length(side_width(self.body.width));
        let [role, transfers] = Layout::horizontal([side, Constraint::Fill(1)]).areas(middle);
        let [traffic, flood] = Layout::horizontal([side, Constraint::Fill(1)]).areas(bottom);
        self.traffic = Some(traffic);
        self.panes = vec![
            (PaneName::Neighbors, neighbors),
            (PaneName::Queries, queries),
            (PaneName::Role, role),
            (PaneName::Transfers, transfers),
            (PaneName::Flood, flood),
        ];
    }
}

/// A column beside the main one.
fn side_width(width: u16) -> u16 {
    (width / 3).clamp(36, 56)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn panes_lie_inside_and_apart_at_every_size(
            width in 1u16..250, height in 1u16..80, screen in 1u8..=6, nth in 0usize..5, zoomed: bool, warned: bool,
        ) {
            let area = Rect::new(0, 0, width, height);
            let focus = panes_of(screen).get(nth).copied().unwrap_or(PaneName::Log);
            let plan = plan(area, screen, focus, zoomed, warned);
            let seen: Vec<Rect> = plan.panes.iter().map(|(_, area)| *area).chain(plan.traffic).collect();
            for (i, one) in seen.iter().enumerate() {
                prop_assert_eq!(one.intersection(plan.body), *one);
                for other in &seen[i + 1..] {
                    prop_assert!(one.intersection(*other).is_empty());
                }
            }
            if plan.room == Room::Full && !zoomed {
                for pane in panes_of(screen) {
                    prop_assert!(plan.area_of(*pane).is_some_and(|area| area.width >= 30 && area.height >= 5));
                }
            }
        }
    }

    #[test]
    fn a_common_terminal_shows_one_pane_and_the_names_of_all() {
        let plan = plan(Rect::new(0, 0, 80, 24), 1, PaneName::Queries, false, false);
        assert_eq!((plan.room, plan.panes.len()), (Room::Tabs, 1));
        assert!(plan.tabs.is_some() && plan.area_of(PaneName::Queries).is_some());
    }
}
