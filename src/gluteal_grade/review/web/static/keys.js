// Keys for pages: none while text is typed, and the help that lists them.

const help = document.getElementById("help");
document.getElementById("help-button").addEventListener("click", () => help.showModal());

function typing(target) {
  return target.matches("textarea, select, input:not([type=checkbox]):not([type=range]):not([type=file])");
}

// `actions`: key to function, or what gives those that hold now; a function that returns false leaves the key to the browser.
export function onKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || help.open) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "?") {
      event.preventDefault();
      help.showModal();
      return;
    }
    const action = (typeof actions === "function" ? actions() : actions)[event.key];
    if (action && action(event) !== false) event.preventDefault();
  });
}
