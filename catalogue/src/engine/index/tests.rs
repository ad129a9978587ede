//! Random tables and random queries, against a look at every row.

use proptest::prelude::*;

use super::*;
use crate::engine::table::spans;

/// A row: its pixel of order 29 and its identifier.
type Row = (i64, i64);

/// Tiles are of this order in these tests.
const ORDER: u8 = 2;

/// The identifier that Gaia gives to a source in a pixel of order 29.
fn named(pixel: i64, number: i64) -> i64 {
    (pixel >> 34 << 35) | number
}

/// Rows of a table; `strays` of a hundred have the identifier of another place, as stars that moved have.
fn rows(strays: u32) -> impl Strategy<Value = Vec<Row>> {
    let pixel = prop_oneof![4 => 0..12i64 << 58, 1 => (0i64..1 << 44).prop_map(|pixel| (5 << 58) + pixel)];
    let row =
        (pixel.clone(), pixel, 0u32..100, 0i64..1 << 20).prop_map(move |(pixel, other, dice, number)| {
            (pixel, named(if dice < strays { other } else { pixel }, number))
        });
    prop::collection::vec(row, 1..400)
}

/// The index of a table, with its rows in the order of its files.
fn table(mut rows: Vec<Row>, page_rows: usize, sorted: bool) -> (Index, Vec<Vec<Row>>) {
    rows.sort_by_key(|(pixel, id)| if sorted { (*pixel, *id) } else { (pixel >> 54, *id) });
    let files: Vec<Vec<Row>> = rows.chunk_by(|a, b| a.0 >> 54 == b.0 >> 54).map(<[Row]>::to_vec).collect();
    let (mut entries, mut first_rows) = (Vec::new(), Vec::new());
    let (mut pixels, mut ids) = (Vec::new(), Vec::new());
    for rows in &files {
        entries.push(Entry {
            order: ORDER,
            npix: healpix::tile_of(ORDER, rows[0].0),
            location: "a file".into(),
            bytes: 0,
            rows: rows.len() as u32,
            splits: [].into(),
            tail_bytes: 0,
            mark: 0,
            first_page: first_rows.len() as u32,
        });
        for (page, rows) in rows.chunks(page_rows).enumerate() {
            first_rows.push((page * page_rows) as u32);
            let bounds = |key: fn(&Row) -> i64| rows.iter().map(key).min().zip(rows.iter().map(key).max());
            pixels.push(bounds(|row| row.0));
            ids.push(bounds(|row| row.1));
        }
    }
    let (healpix, source_id) = (Zones::new(&pixels), Zones::new(&ids));
    (Index::new(entries, Vec::new(), first_rows.into(), Some(healpix), Some(source_id)), files)
}

/// A question: a cone, identifiers, or both.
fn question(rows: &[Row], seed: (f64, f64, f64, usize, u8)) -> Narrowing {
    let (ra, sin_dec, log_radius, number, kind) = seed;
    let cone = healpix::cone_ranges(ra, sin_dec.asin().to_degrees(), 10f64.powf(log_radius), 1 + number % 40);
    let some = rows.iter().skip(number % 7).step_by(1 + number).flat_map(|row| [row.1, row.1 + 1]);
    let ids = some.chain([number as i64]).map(|id| id..=id).collect();
    Narrowing {
        healpix: (kind != 1).then(|| KeyRanges::new(cone)),
        source_id: (kind != 0).then(|| KeyRanges::new(ids)),
    }
}

fn check(index: &Index, files: &[Vec<Row>], question: &Narrowing) -> Result<(), TestCaseError> {
    let parts = index.parts(question);
    let wanted = |keys: &Option<KeyRanges>, key| keys.as_ref().is_none_or(|keys| keys.touches(key, key));
    for (file, rows) in files.iter().enumerate() {
        let part = parts.iter().find(|part| part.file == file);
        let read = part.map_or(&[][..], |part| &part.rows);
        for (row, (pixel, id)) in rows.iter().enumerate() {
            let matches = wanted(&question.healpix, *pixel) && wanted(&question.source_id, *id);
            let read = read.iter().any(|range| range.contains(&(row as u32)));
            prop_assert!(read || !matches, "row {row} of file {file}");
        }
        prop_assert!(read.iter().all(|range| range.start < range.end && range.end as usize <= rows.len()));
        prop_assert!(read.windows(2).all(|pair| pair[0].end < pair[1].start));
    }
    prop_assert!(parts.windows(2).all(|pair| pair[0].file < pair[1].file));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Fifty questions to each of two thousand tables.
    #[test]
    fn no_row_that_matches_is_left_out(
        rows in rows(3), page_rows in 1usize..30, sorted in any::<bool>(),
        questions in prop::collection::vec(
            (0.0..360.0f64, -1.0..=1.0f64, -5.0..1.9f64, 0usize..200, 0u8..3), 50,
        ),
    ) {
        let (index, files) = table(rows.clone(), page_rows, sorted);
        for seed in questions {
            check(&index, &files, &question(&rows, seed))?;
        }
    }
}

#[test]
fn a_point_in_a_sorted_table_is_in_one_page_or_two() {
    let rows: Vec<Row> = (0..100_000i64).map(|row| (row << 42, named(row << 42, row))).collect();
    let (index, _) = table(rows.clone(), 100, true);
    for (pixel, id) in rows.iter().step_by(777) {
        let place = |key: i64| Some(KeyRanges::new(vec![key..=key]));
        for question in [
            Narrowing { healpix: place(*pixel), source_id: None },
            Narrowing { healpix: None, source_id: place(*id) },
        ] {
            let pages: usize = index.parts(&question).iter().map(|part| part.pages).sum();
            assert!((1..=2).contains(&pages), "{question:?}: {pages} pages");
        }
    }
}

/// Half of the rows are in a thousandth of a millionth of the sky, as in the core of a cluster.
#[test]
fn crowded_and_empty_parts_of_the_sky_are_cut_into_pieces_of_equally_many_rows() {
    let (wide, crowded) = ((0..50_000i64).map(|row| row * 69_175_290_276_411), 0..50_000i64);
    let crowded = crowded.map(|row| (5 << 58) + (row << 28));
    let rows: Vec<Row> = wide.chain(crowded).map(|pixel| (pixel, named(pixel, 1))).collect();
    let (index, files) = table(rows, 100, true);
    let spans = spans::of(index.pieces(), 5_000);
    let counts: Vec<usize> = spans
        .iter()
        .map(|span| files.iter().flatten().filter(|(pixel, _)| span.contains(pixel)).count())
        .collect();
    assert_eq!(counts.iter().sum::<usize>(), 100_000, "every row is in one piece");
    assert!(counts.iter().all(|count| *count <= 5_200), "{counts:?}");
    assert!(counts.len() <= 30, "{counts:?}");
}

#[test]
fn an_index_takes_at_most_twenty_bytes_a_page() {
    let rows: Vec<Row> = (0..600_000i64).map(|row| (row << 42, named(row << 42, row % 1000))).collect();
    let (index, _) = table(rows, 10, true);
    assert!(index.memory_bytes() <= 20 * index.pages(), "{} for {}", index.memory_bytes(), index.pages());
}

#[test]
fn row_groups_are_counted_once() {
    let (index, _) = table(vec![(0, 0); 100], 10, true);
    let entry = Entry { splits: [30, 60, 90].into(), ..index.files[0].clone() };
    for (rows, groups) in [
        (&[(0, 100)][..], 4),
        (&[(0, 30)], 1),
        (&[(29, 31)], 2),
        (&[(0, 10), (20, 30), (90, 100)], 2),
        (&[(10, 40), (50, 70)], 3),
    ] {
        let part = Part { file: 0, rows: rows.iter().map(|&(start, end)| start..end).collect(), pages: 0 };
        assert_eq!(part.row_groups(&entry), groups, "{rows:?}");
    }
}

#[test]
fn an_index_survives_writing_and_reading() {
    for sorted in [true, false] {
        let rows: Vec<Row> = (0..500i64).map(|row| ((row * 77_777) << 42, row ^ 5)).collect();
        let (mut index, _) = table(rows, 7, sorted);
        index.column_bytes = vec![1, u64::MAX, 3];
        index.files[1].splits = [7, 14].into();
        index.row_groups += 2;
        let stored = (record::files(&index).expect("a table"), record::pages(&index).expect("a table"));
        assert_eq!(record::read(&stored.0, &stored.1).expect("the same index"), index);
    }
}
