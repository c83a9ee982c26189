// What the console's pages need besides what the extension brings.
import "./address.js";
import "./follow.js";
