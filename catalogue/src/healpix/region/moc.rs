//! A multi-order coverage map: any set of HEALPix cells (IVOA MOC 2.0, the spatial part, as ASCII or JSON text).

use std::ops::RangeInclusive;

use super::error::RegionError;
use crate::healpix::{ORDER, tile_range, tiles, try_hash29};

/// Cells of the sky as sorted, disjoint ranges of order 29.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moc {
    ranges: Vec<RangeInclusive<i64>>,
}

impl Moc {
    /// Reads ASCII (`1/1 3-4 2/25`) or JSON (`{"1": [1, 3, 4], "2": [25]}`).
    pub fn parse(text: &str) -> Result<Self, RegionError> {
        let text = text.trim();
        let cells = if text.starts_with('{') { json(text)? } else { ascii(text)? };
        Ok(Self { ranges: merged(cells) })
    }

    /// Its cells as sorted, disjoint ranges of order 29.
    pub fn ranges(&self) -> &[RangeInclusive<i64>] {
        &self.ranges
    }

    pub(super) fn contains(&self, ra_deg: f64, dec_deg: f64) -> bool {
        let Some(pixel) = try_hash29(ra_deg, dec_deg) else { return false };
        let first = self.ranges.partition_point(|range| *range.end() < pixel);
        self.ranges.get(first).is_some_and(|range| *range.start() <= pixel)
    }

    /// Its part of the sphere in steradians.
    pub(super) fn area_sr(&self) -> f64 {
        let pixels: f64 = self.ranges.iter().map(|range| (range.end() - range.start()) as f64 + 1.0).sum();
        pixels / tiles(ORDER) as f64 * 4.0 * std::f64::consts::PI
    }
}

/// `order/cells order/cells ...`, separated by spaces or commas; the order may carry the dimension, `s`.
fn ascii(text: &str) -> Result<Vec<RangeInclusive<i64>>, RegionError> {
    let mut cells = Vec::new();
    let mut order = None;
    for word in text.split([' ', ',', '\t', '\n', '\r']).filter(|word| !word.is_empty()) {
        let numbers = match word.split_once('/') {
            Some((new, numbers)) => {
                order = Some(order_of(new.strip_prefix('s').unwrap_or(new), word)?);
                numbers
            }
            None => word,
        };
        let order = order.ok_or_else(|| wrong(word, "a list of cells begins with its order, as in 3/17"))?;
        if !numbers.is_empty() {
            let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
            cells.push(span(order, cell(first, order, word)?, cell(last, order, word)?, word)?);
        }
    }
    Ok(cells)
}

/// `{"order": [cell, ...], ...}`
fn json(text: &str) -> Result<Vec<RangeInclusive<i64>>, RegionError> {
    let orders: std::collections::BTreeMap<String, Vec<u64>> = serde_json::from_str(text)
        .map_err(|_| wrong(text, "it is no JSON object of orders with lists of cells"))?;
    let mut cells = Vec::new();
    for (order, numbers) in orders {
        let depth = order_of(&order, &order)?;
        for number in numbers {
            let number = known(number, depth, &order)?;
            cells.push(span(depth, number, number, &order)?);
        }
    }
    Ok(cells)
}

fn order_of(text: &str, at: &str) -> Result<u8, RegionError> {
    let order = text.parse().ok().filter(|order| *order <= ORDER);
    order.ok_or_else(|| {
        wrong(at, "an order is a number from 0 to 29; times and frequencies have no place here")
    })
}

fn cell(text: &str, order: u8, at: &str) -> Result<u64, RegionError> {
    let number = text.parse().map_err(|_| wrong(at, "a cell is a number, or two with - between"))?;
    known(number, order, at)
}

fn known(number: u64, order: u8, at: &str) -> Result<u64, RegionError> {
    if number < tiles(order) { Ok(number) } else { Err(wrong(at, "its order has fewer cells")) }
}

fn span(order: u8, first: u64, last: u64, at: &str) -> Result<RangeInclusive<i64>, RegionError> {
    if first > last {
        return Err(wrong(at, "a range ends before it begins"));
    }
    Ok(*tile_range(order, first).start()..=*tile_range(order, last).end())
}

fn wrong(at: &str, why: &'static str) -> RegionError {
    RegionError::Moc { at: at.chars().take(40).collect(), why }
}

fn merged(mut cells: Vec<RangeInclusive<i64>>) -> Vec<RangeInclusive<i64>> {
    cells.sort_unstable_by_key(|cell| *cell.start());
    let mut ranges: Vec<RangeInclusive<i64>> = Vec::with_capacity(cells.len());
    for cell in cells {
        match ranges.last_mut() {
            Some(last) if *cell.start() <= last.end() + 1 => {
                *last = *last.start()..=*last.end().max(cell.end())
            }
            _ => ranges.push(cell),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_text_say_the_same() {
        let ascii = Moc::parse("1/1 3-4 2/25 29/").expect("a MOC");
        assert_eq!(Moc::parse(r#"{"1": [1, 3, 4], "2": [25], "29": []}"#), Ok(ascii.clone()));
        assert_eq!(Moc::parse("s1/1,3-4\n2/25"), Ok(ascii.clone()));
        let cells =
            [tile_range(1, 1), *tile_range(1, 3).start()..=*tile_range(1, 4).end(), tile_range(2, 25)];
        assert_eq!(ascii.ranges(), cells);
    }

    #[test]
    fn the_whole_sky_is_one_range_and_nothing_is_none() {
        assert_eq!(Moc::parse("0/0-11").expect("a MOC").ranges(), [0..=(12i64 << 58) - 1]);
        assert_eq!(Moc::parse("").expect("a MOC").ranges(), []);
    }

    #[test]
    fn what_is_no_moc_is_refused_at_its_word() {
        for (text, told) in [
            ("17", "the MOC is not readable at \"17\": a list of cells begins with its order, as in 3/17"),
            ("0/12", "the MOC is not readable at \"0/12\": its order has fewer cells"),
            (
                "30/1",
                "the MOC is not readable at \"30/1\": an order is a number from 0 to 29; times and frequencies have no place here",
            ),
            ("3/5-4", "the MOC is not readable at \"3/5-4\": a range ends before it begins"),
            ("3/x", "the MOC is not readable at \"3/x\": a cell is a number, or two with - between"),
            (
                "{\"3\": 1}",
                "the MOC is not readable at \"{\\\"3\\\": 1}\": it is no JSON object of orders with lists of cells",
            ),
        ] {
            assert_eq!(Moc::parse(text).expect_err(text).to_string(), told);
        }
    }
}
