export const notes = ['buy tea', 'read RFC 9111', 'water the plants']
