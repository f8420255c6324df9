// Node 20's decoders are ICU's, and one of its own for latin1, not the standard's.
const dec = (label, ...b) => outcome(() => new TextDecoder(label).decode(new Uint8Array(b)));
return [
	dec('windows-1252', 0x80, 0x93, 0x81), dec('windows-874', 0xdb), dec('windows-1253', 0xaa), dec('windows-1255', 0xca), dec('koi8-u', 0xae), dec('ibm866', 0x1a, 0x7f),
	dec('gbk', 0xa8, 0xbf, 0x81, 0xff), dec('big5', 0x88, 0x62, 0x87, 0x40, 0x80), dec('euc-jp', 0x81, 0x8e, 0x80), dec('shift_jis', 0x80, 0x1a), dec('euc-kr', 0x81, 0x41, 0xc9, 0xa1),
	dec('x-user-defined', 0x41, 0x80, 0xff), dec('iso-8859-16', 0xa2),
	outcome(() => new TextDecoder('gbk', { fatal: true }).decode(new Uint8Array([0xff]))), outcome(() => new TextDecoder('windows-1253', { fatal: true }).decode(new Uint8Array([0xd2]))),
	outcome(() => new TextDecoder('iso-2022-kr')),
];
