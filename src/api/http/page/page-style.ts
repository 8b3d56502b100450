/** What our pages look alike by: the colours of the GraphQL IDE, light and dark, and its mark. */

export const LIGHT_COLOURS = '--ours: hsl(175 77% 26%); --ink: #1e293b; --paper: #fff;';
export const DARK_COLOURS = '--ours: hsl(173 58% 45%); --ink: #e2e8f0; --paper: #1c2022;';

export const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" ' +
  'fill="#0f766e"/><path d="M9 16a7 7 0 1 1 2.2 5.1" fill="none" stroke="#fff" stroke-width="2.6" ' +
  'stroke-linecap="round"/><path d="M8 23.5 11.2 21l2.9 3" fill="none" stroke="#fff" stroke-width="2.6" ' +
  'stroke-linecap="round" stroke-linejoin="round"/><circle cx="16" cy="16" r="2.4" fill="#fff"/></svg>\n';
