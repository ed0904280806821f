/** What crosses the modules. */
package org.medoid.tests;
