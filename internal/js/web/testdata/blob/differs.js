// Node 20 strays from the File API here.
return [
	new File([], 'n', { lastModified: '12.7' }).lastModified, new File([], 'n', { lastModified: -1.5 }).lastModified,
	await new Blob(['a\rb'], { endings: 'native' }).text(),
	outcome(() => Object.getOwnPropertyDescriptor(File.prototype, 'name').get.call(new Blob())),
];
