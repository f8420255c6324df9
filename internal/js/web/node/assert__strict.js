// node:assert/strict.
(function (host, require) {
  'use strict';
  return require('assert').strict;
})
