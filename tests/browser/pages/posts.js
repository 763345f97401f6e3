// @ts-nocheck: a page of its own, served beside the package that it tests.
// Before anything else: every message that the page posts is counted and kept.

window.posts = [];
const { postMessage } = BroadcastChannel.prototype;
BroadcastChannel.prototype.postMessage = function (message) {
  window.posts.push(message);
  return postMessage.call(this, message);
};
