// The same query for programs: Python with astroquery, pyvo or the package of the notebooks.

import { ask } from "/page/service.js";

/** The clients, by the names that the page shows. */
export const CLIENTS = ["astroquery", "pyvo", "nearside"];

/** Python for a query. `uploads` are the names of tables that come with it. */
export async function codeFor(client, query, uploads, origin) {
  if (client === "astroquery") return astroquery(quoted(query), uploads, origin);
  if (client === "pyvo") return pyvo(quoted(query), uploads, origin);
  return nearside(query, uploads);
}

function astroquery(query, uploads, origin) {
  const [first] = uploads;
  const upload = first ? `,\n    upload_resource="${first}.vot", upload_table_name="${first}"` : "";
  return `from astroquery.gaia import GaiaClass

gaia = GaiaClass(gaia_tap_server="${origin}/", gaia_data_server="${origin}/")
# gaia.login(user="...", password="...")  # over https; jobs are then listed under your name
job = gaia.launch_job_async(${query}${upload})
table = job.get_results()
`;
}

function pyvo(query, uploads, origin) {
  const files = uploads.map((name) => `"${name}": "${name}.vot"`).join(", ");
  const upload = files ? `, uploads={${files}}` : "";
  return `import pyvo

service = pyvo.dal.TAPService("${origin}/tap-server/tap")
table = service.run_async(${query}${upload}).to_table()
`;
}

/** In a notebook there is no ADQL: the server says the same in its SQL. */
async function nearside(query, uploads) {
  if (uploads.length) return "# Tables of your own come with TAP: use pyvo or astroquery for this query.\n";
  const answer = await ask("/page/sql", { method: "POST", body: new URLSearchParams({ QUERY: query }) });
  return `import nearside

sky = nearside.connect()
table = sky.sql(${quoted(await answer.text())}).to_astropy()
`;
}

/** A literal of Python that cannot end early. */
function quoted(query) {
  const text = query.trim().replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"');
  return `"""${text.endsWith('"') ? `${text} ` : text}"""`;
}
