// What a page of our own needs, and a host's whose pages are made for the journeys, as the console's are.
import "./history.js";
import "./journeys.js";
