// The corpus against another server's parser, Node's (llhttp): what our gateway answers, Node must
// read as the same requests with the same bodies; otherwise a server of the one kind behind one of
// the other could be talked past. What we refuse and Node takes is counted, not judged.
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';

// RFC 9110 allows tabs around a value. Node refuses them here, which hides no request.
const REFUSED_BY_NODE = new Set([
  '02-lengths: length with blanks around',
  '03-transfer-encoding: chunked with blanks around',
]);

function unescape(text) {
  const parts = [];
  const pattern = /\\(?:([rnt0\\])|x([0-9a-f]{2})|\{(.)\*(\d+)\})|([^\\]+)/gy;
  let end = 0;
  for (const m of text.matchAll(pattern)) {
    end = m.index + m[0].length;
    if (m[1]) parts.push({ r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\' }[m[1]]);
    else if (m[2]) parts.push(String.fromCharCode(parseInt(m[2], 16)));
    else if (m[3]) parts.push(m[3].repeat(Number(m[4])));
    else parts.push(m[5]);
  }
  if (end !== text.length) throw new Error(`bad escape in ${text}`);
  return parts.join('');
}

function readCases(folder) {
  const cases = [];
  for (const file of fs.readdirSync(folder).sort()) {
    for (const line of fs.readFileSync(path.join(folder, file), 'latin1').split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const rest = line.slice(2);
      const current = cases.at(-1);
      if (line.startsWith('==')) {
        cases.push({ name: `${path.parse(file).name}: ${line.slice(3)}`, bytes: '', replies: [] });
      } else if (line[0] === '>') current.bytes += `${unescape(rest)}\r\n`;
      else if (line[0] === '|') current.bytes += unescape(rest);
      else if (/^\d/.test(rest)) {
        current.replies.push({ status: Number(rest.slice(0, 3)), text: unescape(rest.slice(4)) });
      }
    }
  }
  return cases;
}

const seen = new Map(); // by the client's port
const server = http.createServer({ maxHeaderSize: 65536 }, (request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString('latin1');
    const words = [request.method, request.url, request.headers.host, body];
    seen.get(request.socket.remotePort)?.push(words);
    response.end();
  });
});
// Later, so that the requests before the bad one are still read.
server.on('clientError', (error, socket) => setTimeout(() => socket.destroy(), 20));
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address();

/// What Node read of `bytes`.
function ask(bytes) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      const mine = socket.localPort;
      seen.set(mine, []);
      const finish = () => {
        resolve(seen.get(mine) ?? []);
        seen.delete(mine);
      };
      socket.on('close', finish);
      socket.on('error', () => {});
      socket.resume();
      socket.setTimeout(10000, () => socket.destroy());
      socket.end(Buffer.from(bytes, 'latin1'));
    });
  });
}

/// Node keeps an absolute form as it is; we give path and query.
const targetOf = (url) => url.replace(/^https?:\/\/[^/?]*/i, '') || '/';

function difference(row, requests) {
  const ours = row.replies.filter((reply) => reply.status === 200);
  if (requests.length < ours.length) {
    return `Node reads ${requests.length} of ${ours.length} requests`;
  }
  for (const [i, reply] of ours.entries()) {
    const [method, url, host, body] = requests[i];
    if (reply.text === 'HEAD') {
      if (method !== 'HEAD') return `Node reads ${method}`;
      continue;
    }
    const words = [method, targetOf(url), host, body].filter((word) => word);
    if (words.join(' ') !== reply.text) {
      return `Node reads ${JSON.stringify(words.join(' '))}, we ${JSON.stringify(reply.text)}`;
    }
  }
  return '';
}

const cases = readCases(process.argv[2]);
let differences = 0;
let stricter = 0;
const concurrency = 50;
for (let at = 0; at < cases.length; at += concurrency) {
  const batch = cases.slice(at, at + concurrency);
  const answers = await Promise.all(batch.map((row) => ask(row.bytes)));
  for (const [i, row] of batch.entries()) {
    const text = difference(row, answers[i]);
    if (text && !REFUSED_BY_NODE.has(row.name)) {
      differences += 1;
      console.log(`${row.name}: ${text}`);
    }
    if (!text && answers[i].length > row.replies.filter((r) => r.status === 200).length) {
      stricter += 1;
      if (process.argv[3] === '--list') console.log(`Node takes: ${row.name}`);
    }
  }
}
console.log(`${cases.length} cases, ${differences} differences; ${stricter} that we refuse and Node takes`);
server.close();
server.closeAllConnections();
process.exit(differences === 0 && cases.length >= 600 ? 0 : 1);
