// Queries to begin with. Only those are offered whose tables and columns are there.

const SOURCES = "gaia_source";
const PLEIADES = "CIRCLE(56.75, 24.12, 1.5)";

/** Each with the columns of `gaia_source` that it needs, and what to plot of it. */
const EXAMPLES = [
  {
    title: "First rows", needs: [], plot: null,
    query: (table) => `SELECT TOP 100 *\nFROM ${table}`,
  },
  {
    title: "Stars around the Pleiades", needs: ["ra", "dec", "parallax", "phot_g_mean_mag"], plot: ["ra", "dec"],
    query: (table) => `SELECT source_id, ra, dec, parallax, pmra, pmdec, phot_g_mean_mag
FROM ${table}
WHERE 1 = CONTAINS(POINT(ra, dec), ${PLEIADES})
  AND parallax BETWEEN 6.5 AND 8.5`,
  },
  {
    title: "Proper motions of the Pleiades", needs: ["pmra", "pmdec", "parallax"], plot: ["pmra", "pmdec"],
    query: (table) => `SELECT pmra, pmdec, parallax
FROM ${table}
WHERE 1 = CONTAINS(POINT(ra, dec), ${PLEIADES})
  AND parallax > 5`,
  },
  {
    title: "Colour and brightness of near stars", needs: ["bp_rp", "parallax", "phot_g_mean_mag"],
    plot: ["bp_rp", "g_absolute"],
    query: (table) => `SELECT bp_rp, phot_g_mean_mag + 5 * LOG10(parallax) - 10 AS g_absolute
FROM ${table}
WHERE parallax > 10 AND bp_rp IS NOT NULL`,
  },
  {
    title: "How many stars of each magnitude", needs: ["phot_g_mean_mag"], plot: ["magnitude", "stars"],
    query: (table) => `SELECT FLOOR(phot_g_mean_mag) AS magnitude, COUNT(*) AS stars
FROM ${table}
GROUP BY FLOOR(phot_g_mean_mag)
ORDER BY magnitude`,
  },
];

/** `[{title, query, plot}]` for these tables. */
export function examplesFor(tables) {
  const data = tables.filter((table) => table.schema.toLowerCase() !== "tap_schema");
  const table = data.find(({ name }) => name.endsWith(`.${SOURCES}`)) ?? data[0] ?? tables[0];
  if (!table) return [];
  const has = (name) => table.columns.some((column) => column.name === name);
  return EXAMPLES.filter(({ needs }) => needs.every(has))
    .map(({ title, query, plot }) => ({ title, query: query(table.name), plot }));
}
