// SPDX-License-Identifier: BSD-3-Clause
// buffers.js COUNT: objects, JSON, maps, and buffers that lie outside of the
// engine's own heap.

'use strict';

const zlib = require('zlib');

const count = Number(process.argv[2]);
let total = 0;
const kept = [];
for (let turn = 0; turn < count; turn++) {
	const rows = [];
	for (let i = 0; i < 4000; i++)
		rows.push({ id: i, name: `row ${(i * 7919 + turn) % 10007}`,
			    tags: [i % 3, i % 5, i % 7] });
	const text = JSON.stringify(rows);
	const names = new Map(JSON.parse(text).map((row) => [row.name, row]));
	total += names.size + text.length;
	for (let i = 0; i < 300; i++) {
		const buffer = Buffer.alloc(5000 + (i * 977) % 60000, i & 255);
		total += buffer[buffer.length - 1];
		if (i % 10 === 0)
			kept[(turn * 30 + i / 10) % 500] = buffer;
	}
	const packed = zlib.deflateSync(Buffer.from(text), { level: 1 });
	total += zlib.inflateSync(packed).length;
}
console.log(total + kept.filter((buffer) => buffer).length);
