// Elements, made from text alone: nothing that comes from a sweep is ever read as HTML.

export const byId = (id) => document.getElementById(id);

/** `element("td", {class: "text"}, "a text", anotherElement)`. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Set a text only where it differs: an unchanged element costs no layout, and a screen reader hears nothing. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** Give a select these options, and keep what was chosen. */
export function setOptions(select, names) {
  if (names.length === select.options.length && names.every((name, index) => select.options[index].value === name)) return;
  const chosen = select.value;
  select.replaceChildren(...names.map((name) => element("option", { value: name }, name)));
  if (names.includes(chosen)) select.value = chosen;
}
