// Records what Next.js answers to the headers of corpus.json, in place:
//
//	node record.cjs <directory with node_modules/next>
//
// To add a header, add {"group": …, "ua": …} and record again.
const fs = require('fs');
const path = require('path');

const { userAgentFromString } = require(path.resolve(process.argv[2], 'node_modules/next/server.js'));
const file = path.join(__dirname, 'corpus.json');
const entries = JSON.parse(fs.readFileSync(file, 'utf8')).map(({ group, ua }) =>
  JSON.stringify({ group, ua, want: userAgentFromString(ua) }));
fs.writeFileSync(file, '[\n' + entries.join(',\n') + '\n]\n');
