// Node 20 strays from the File API here.
// The arguments are converted from left to right, a dictionary's members by name.
const order = [];
new File([{ toString() { order.push('part'); return '' } }], { toString() { order.push('name'); return '' } },
	{ get type() { order.push('type'); return '' }, get endings() { order.push('endings') }, get lastModified() { order.push('lastModified') } });
return [
	order,
	new File([], 'n', { lastModified: '12.7' }).lastModified, new File([], 'n', { lastModified: -1.5 }).lastModified,
	await new Blob(['a\rb'], { endings: 'native' }).text(),
	outcome(() => Object.getOwnPropertyDescriptor(File.prototype, 'name').get.call(new Blob())),
];
