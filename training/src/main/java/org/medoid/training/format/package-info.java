/** How text files are written and read: JSON and comma-separated values, each in one place. */
package org.medoid.training.format;
